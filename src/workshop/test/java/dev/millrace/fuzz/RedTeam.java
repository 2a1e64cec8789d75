package dev.millrace.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;

/**
 * Searches for the legal events of some accounts that do most damage to everybody else: at random first, then it changes the worst that it has found. The
 * same seed finds the same, for the same number of trials.
 */
final class RedTeam {

    static final Path KEPT = Path.of("src/workshop/test/resources/fuzz/redteam");

    private static final Path FOUND = Path.of("target/fuzz/redteam");
    private static final int AT_RANDOM = 60; // every other one
    private static final int SELDOM = 16;
    private static final int CLIMBING = 4;
    private static final long SECOND = 1_000_000_000;

    private final Scene scene;
    private final SplittableRandom random;
    private final List<Found> worst = new ArrayList<>();
    private int trials;

    /** A program, and what it did. */
    record Found(Program program, Goal.Verdict verdict) {}

    RedTeam(Scene scene, long seed) {
        this.scene = scene;
        this.random = new SplittableRandom(seed);
    }

    /** Tries a program that somebody else has found. */
    Found attempt(Program program) {
        trials++;
        Found found = new Found(program, scene.goal().judge(scene, program));
        worst.add(0, found); // before those that are as bad: what changes nothing may lead on
        worst.sort(Comparator.comparingDouble(each -> -each.verdict.climbed()));
        if (worst.size() > CLIMBING) {
            worst.remove(CLIMBING);
        }
        return found;
    }

    /** @param isLeft given the number of trials so far; whether there is one more */
    Found search(IntPredicate isLeft) {
        while (isLeft.test(trials)) {
            boolean isAtRandom = worst.isEmpty() || random.nextInt(trials < AT_RANDOM ? 2 : SELDOM) == 0;
            attempt(
                    isAtRandom
                            ? Program.random(random, scene.accounts())
                            : worst.get(random.nextInt(worst.size())).program.mutated(random, scene.accounts()));
        }
        return worst.get(0);
    }

    /** Returns a program without the instructions that it does not need to be as bad. */
    private Found trimmed(Found found) {
        Found shortest = found;
        for (int at = found.program.instructions().size() - 1;
                at >= 0 && shortest.program.instructions().size() > 1;
                at--) {
            List<Instruction> fewer = new ArrayList<>(shortest.program.instructions());
            fewer.remove(at);
            Found without = attempt(new Program(fewer));
            shortest = without.verdict.climbed() >= shortest.verdict.climbed() ? without : shortest;
        }
        return shortest;
    }

    static Path file(Path directory, Goal goal, int accounts) {
        return directory.resolve(goal.name().toLowerCase(Locale.ROOT) + "-" + accounts + ".txt");
    }

    /**
     * Searches by {@code redteam.goal} (default: all) with {@code redteam.accounts} (default: 1, then 10), {@code fuzz.seconds} for each, from the
     * programs that are kept. What it finds is written to target/fuzz/redteam.
     */
    public static void main(String[] arguments) throws IOException {
        String goal = System.getProperty("redteam.goal", "");
        String accounts = System.getProperty("redteam.accounts", "");
        long seconds = Long.getLong("fuzz.seconds", 600);
        long seed = Long.getLong("redteam.seed", 1);
        for (Goal each :
                goal.isEmpty() ? List.of(Goal.values()) : List.of(Goal.valueOf(goal.toUpperCase(Locale.ROOT)))) {
            for (int number : accounts.isEmpty() ? List.of(1, 10) : List.of(Integer.parseInt(accounts))) {
                search(Scene.of(each, number, Map.of()), seed, seconds);
            }
        }
    }

    private static void search(Scene scene, long seed, long seconds) throws IOException {
        RedTeam team = new RedTeam(scene, seed);
        long end = System.nanoTime() + seconds * SECOND;
        for (int fewer : scene.accounts() == 1 ? List.of(1) : List.of(1, scene.accounts())) {
            Path kept = file(KEPT, scene.goal(), fewer); // each of more accounts can do what one does
            if (Files.exists(kept)) {
                team.attempt(Program.read(kept));
            }
        }
        Found found = team.trimmed(team.search(trials -> System.nanoTime() < end));
        String note = String.format(
                Locale.ROOT,
                "%s, %d accounts, seed %d, %d trials in %d s: %s",
                scene.goal().name().toLowerCase(Locale.ROOT),
                scene.accounts(),
                seed,
                team.trials,
                seconds,
                words(found));
        System.out.println(note);
        System.out.println(found.program);
        found.program.write(file(FOUND, scene.goal(), scene.accounts()), note);
    }

    private static String words(Found found) {
        double bound = found.verdict.bound();
        return found.verdict.words()
                + (bound == Double.MAX_VALUE ? "" : String.format(Locale.ROOT, "; bound %.0f", bound))
                + (found.verdict.holds() ? "" : ", BROKEN");
    }
}
