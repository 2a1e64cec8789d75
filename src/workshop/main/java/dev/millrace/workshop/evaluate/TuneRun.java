package dev.millrace.workshop.evaluate;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.evaluate.Prequential;
import dev.millrace.evaluate.PrequentialSettings;
import dev.millrace.evaluate.RecordedExamples;
import dev.millrace.exam.ExamWitness;
import dev.millrace.exam.RankingTotals;
import dev.millrace.model.StepTimes;
import dev.millrace.operation.Progress;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.tune.FoundEvents;
import dev.millrace.tune.Search;
import dev.millrace.tune.SearchSpace;
import dev.millrace.tune.Trial;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Searches settings on the first part of a log, and measures on the rest what the best ones gain. One thread. */
public final class TuneRun {

    /**
     * What to do.
     *
     * @param name of the data
     * @param minutes budget; used if {@code trials} is absent
     * @param first share of the log that the search reads
     * @param cutoff k of the Recall@k to maximise
     */
    public record Task(String name, OptionalInt trials, double minutes, double first, int cutoff, long seed) {}

    private static final int LEAST_TRIALS = 3;
    private static final int MOST_TRIALS = 243;
    /** A candidate may cost more than the given settings; so much is kept back. */
    private static final double RESERVE = 1.3;

    /** Readings of the searched part that giving back takes, as a guess. */
    private static final double GIVING_BACK = 3;

    private static final int SHOWN_TRIALS = 10;
    private static final long UNITS_A_READING = 1000; // of the progress
    private static final double SECONDS_A_MINUTE = 60;

    private final Task task;
    private final Function<Map<String, String>, MillraceSettings> settings;
    private final Function<MillraceSettings, RecordedExamples> examples;
    private final PrintWriter out;
    private final Progress progress;

    private double read; // readings of the searched part
    private double toRead;

    /**
     * @param settings reads the settings with some of them changed
     * @param examples of the log, by the settings
     */
    public TuneRun(
            Task task,
            Function<Map<String, String>, MillraceSettings> settings,
            Function<MillraceSettings, RecordedExamples> examples,
            PrintWriter out,
            Progress progress) {
        this.task = task;
        this.settings = settings;
        this.examples = examples;
        this.out = out;
        this.progress = progress;
    }

    /**
     * Searches, reports, and writes the changed settings to a file if there are any.
     *
     * @return what it found, for programs
     */
    public Map<String, Object> run(Path file) throws IOException {
        MillraceSettings given = settings.apply(Map.of());
        SearchSpace space = SearchSpace.around(given.trainerTexts(), this::isValid);
        Search.Plan plan = plan(task.trials().orElseGet(this::affordable));
        toRead = read + plan.readings() + afterwards();
        Search.Finding finding = new Search(plan, space, this::searched).run();
        out.printf(
                Locale.ROOT,
                "%s: %d of the combinations of %d settings, tried on the first %.0f %% of the events, by R@%d; again with --trials %d --seed %d%n%n",
                task.name(),
                finding.trials().size() - 1,
                space.dimensions().size(),
                100 * task.first(),
                task.cutoff(),
                plan.trials(),
                task.seed());
        showTrials(plan, finding);
        Map<String, Object> found = object(plan, finding);
        if (finding.changes().isEmpty()) {
            out.printf("%nnothing was better than the given settings; no file was written%n");
        } else {
            Rest rest = rest(finding);
            found.put("rest", object(rest));
            if (write(file, rest, finding)) {
                found.put("file", file.toString());
            }
        }
        out.flush();
        return found;
    }

    private Map<String, Object> object(Search.Plan plan, Search.Finding finding) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("data", task.name());
        object.put("trials", plan.trials());
        object.put("seed", task.seed());
        object.put("k", task.cutoff());
        object.put("first", task.first());
        object.put("shares", plan.rounds()); // of the first part, by round
        object.put("tried", finding.trials().stream().map(this::object).toList());
        object.put("changes", finding.changes());
        return object;
    }

    private Map<String, Object> object(Trial trial) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("trial", trial.number());
        object.put("changes", trial.changes());
        object.put(
                "recall",
                trial.found().stream()
                        .map(totals -> totals.recallAt(task.cutoff()))
                        .toList());
        return object;
    }

    private Map<String, Object> object(Rest rest) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("events", rest.gain.events());
        object.put("recall", rest.tuned.recallAt(task.cutoff()));
        object.put("recallStandardError", rest.tuned.standardErrorAt(task.cutoff()));
        object.put("givenRecall", rest.given.recallAt(task.cutoff()));
        object.put("givenRecallStandardError", rest.given.standardErrorAt(task.cutoff()));
        object.put("gain", rest.gain.mean());
        object.put("gainStandardError", rest.gain.standardError());
        return object;
    }

    private boolean isValid(Map<String, String> changes) {
        try {
            MillraceSettings unused = settings.apply(changes);
            return true;
        } catch (InvalidSettingsException invalid) {
            return false;
        }
    }

    private RankingTotals searched(Map<String, String> changes, double share) {
        MillraceSettings changed = settings.apply(changes);
        PrequentialSettings shares = PrequentialSettings.read(changed.reader());
        PrequentialSettings part = shares.withFirst(shares.first() * task.first() * share);
        RankingTotals found = judge(changed, part, share, ExamWitness.NONE);
        if (found.scored() == 0) {
            throw OptionFaults.unusable(
                    task.name(),
                    String.format(Locale.ROOT, "the first %.1f %% of its events", 100 * task.first() * share),
                    PrequentialEvaluation.NOTHING_TO_RANK);
        }
        return found;
    }

    private RankingTotals judge(
            MillraceSettings changed, PrequentialSettings shares, double readings, ExamWitness witness) {
        RecordedExamples recorded = examples.apply(changed); // which may show its own progress first
        progress.reached(
                String.format(Locale.ROOT, "%.0f %% of the search's part", 100 * readings),
                Math.round(read * UNITS_A_READING),
                Math.round(toRead * UNITS_A_READING));
        RankingTotals found = new Prequential(shares, recorded, changed.trainer(), StepTimes.UNTIMED)
                .run(Prequential.Mode.ONLINE, witness)
                .exam()
                .model();
        read += readings;
        return found;
    }

    /** Returns how many trials the minutes are enough for, by the time that the given settings take. */
    private int affordable() {
        double share = plan(MOST_TRIALS).rounds().get(0);
        searched(Map.of(), share); // compiles
        long began = System.nanoTime();
        searched(Map.of(), share);
        double secondsAReading =
                (System.nanoTime() - began) / (double) Duration.ofSeconds(1).toNanos() / share;
        double readings = task.minutes() * SECONDS_A_MINUTE / secondsAReading;
        int trials = LEAST_TRIALS - 1;
        while (trials < MOST_TRIALS && RESERVE * plan(trials + 1).readings() + afterwards() <= readings) {
            trials++;
        }
        if (trials < LEAST_TRIALS) {
            double least = RESERVE * plan(LEAST_TRIALS).readings() + afterwards();
            throw OptionFaults.unusable(
                    "--minutes",
                    String.format(Locale.ROOT, "%.1f", task.minutes()),
                    String.format(
                            Locale.ROOT,
                            "must be at least %.1f for %d trials on %s; or give --trials",
                            least * secondsAReading / SECONDS_A_MINUTE,
                            LEAST_TRIALS,
                            task.name()));
        }
        return trials;
    }

    private Search.Plan plan(int trials) {
        return new Search.Plan(trials, task.cutoff(), task.seed());
    }

    /** Readings of the searched part behind the rounds: what is given back, and twice the whole log. */
    private double afterwards() {
        return GIVING_BACK + 2 / task.first();
    }

    private void showTrials(Search.Plan plan, Search.Finding finding) {
        String parts = plan.rounds().stream()
                .map(share -> share < 1 ? String.format(Locale.ROOT, " 1/%.0f of it |", 1 / share) : " all of it |")
                .collect(Collectors.joining());
        out.printf(
                "| trial |%s changes |%n|---|%s---|%n",
                parts, "---|".repeat(plan.rounds().size()));
        finding.trials().stream().limit(SHOWN_TRIALS).forEach(trial -> {
            StringBuilder recalls = new StringBuilder();
            for (int round = 0; round < plan.rounds().size(); round++) {
                recalls.append(
                        round < trial.found().size()
                                ? String.format(
                                        Locale.ROOT,
                                        " %.4f |",
                                        trial.found().get(round).recallAt(task.cutoff()))
                                : " – |");
            }
            out.printf(
                    Locale.ROOT,
                    "| %s |%s %s |%n",
                    trial.number() == 0 ? "given" : trial.number(),
                    recalls,
                    trial.changes().entrySet().stream()
                            .map(change -> change.getKey() + "=" + change.getValue())
                            .collect(Collectors.joining(" ")));
        });
        int left = finding.trials().size() - SHOWN_TRIALS;
        if (left > 0) {
            out.printf(Locale.ROOT, "%nand %d more, which went no further%n", left);
        }
    }

    /** What the events say that no trial has seen. */
    private record Rest(RankingTotals given, RankingTotals tuned, FoundEvents.Gain gain) {}

    private Rest rest(Search.Finding finding) {
        FoundEvents before = new FoundEvents(task.cutoff());
        FoundEvents after = new FoundEvents(task.cutoff());
        RankingTotals given = rest(Map.of(), before);
        RankingTotals tuned = rest(finding.settings(), after);
        return new Rest(given, tuned, after.over(before));
    }

    private RankingTotals rest(Map<String, String> changes, FoundEvents witness) {
        MillraceSettings changed = settings.apply(changes);
        return judge(
                changed,
                PrequentialSettings.read(changed.reader()).withWarmUp(task.first()),
                1 / task.first(),
                witness);
    }

    /** Returns whether it wrote the file. */
    private boolean write(Path file, Rest rest, Search.Finding finding) throws IOException {
        String summary = String.format(
                Locale.ROOT,
                "on the rest, %,d events that no trial has seen: R@%d %.4f ± %.4f, given %.4f ± %.4f; gain %.4f ± %.4f%s",
                rest.gain.events(),
                task.cutoff(),
                rest.tuned.recallAt(task.cutoff()),
                rest.tuned.standardErrorAt(task.cutoff()),
                rest.given.recallAt(task.cutoff()),
                rest.given.standardErrorAt(task.cutoff()),
                rest.gain.mean(),
                rest.gain.standardError(),
                rest.gain.isCertain() ? "" : ". UNSURE: less than two standard errors, which chance alone may give");
        if (rest.gain.mean() <= 0) {
            out.printf("%n%s%nthe best trial gains on the first part alone: no file was written%n", summary);
            return false;
        }
        StringBuilder text = new StringBuilder("# Made by millrace tune from " + task.name() + ".\n# "
                + summary.substring(0, 1).toUpperCase(Locale.ROOT) + summary.substring(1) + ".\n");
        out.println();
        for (Search.Change change : finding.changes()) {
            out.printf(
                    Locale.ROOT,
                    "%s = %s in place of %s: %+.4f on the first part%n",
                    change.key(),
                    change.to(),
                    change.from(),
                    change.gain());
            text.append(change.key()).append(" = ").append(change.to()).append('\n');
        }
        Files.writeString(file, text, StandardCharsets.UTF_8);
        out.printf("%n%s%nwrote %s; use it with --config behind the file of the data%n", summary, file);
        return true;
    }
}
