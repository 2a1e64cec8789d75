package dev.millrace.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.train.Figure;
import dev.millrace.train.TrainingProgress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How far accounts bend what the mixture learns, by clicks that they make all the time: docs/reliability.md has what they do. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
class BentMixtureTest {

    private static final Scene.Span WARM = new Scene.Span(100_000, 6_000);
    private static final Scene.Span COLD = new Scene.Span(10_000, 1_500);
    private static final int TOP = 10;
    private static final double MOST_REPEAT = 0.4;
    private static final double MOST_LOST = 0.025;
    private static final double MOST_BONUS = 0.5; // one step of Mixture.BONUSES

    private final Scene warm = scene(WARM, Map.of());
    private final Learnt quiet = learnt(warm);

    /**
     * What the mixture has learnt.
     *
     * @param repeat ρ of the latest item of a history
     * @param bonus κ of young items
     * @param found share of honest clicks whose item was among the first ten
     */
    private record Learnt(double repeat, double bonus, double found) {}

    @Test
    void honestUsersFindItemsInAWarmShop() {
        assertThat(quiet.found).isGreaterThan(0.15);
    }

    /**
     * Each of ten accounts clicks one popular item again and again, and one account ten of them; all items in turn; or items that nobody knows.
     */
    @ParameterizedTest
    @CsvSource({
        "1, POPULAR, 10, 0.015",
        "1, ROUND, 1000, 0.015",
        "1, FRESH, 1, 0.015",
        "10, POPULAR, 10, 0.015",
        "10, ROUND, 1000, " + MOST_LOST,
        "10, FRESH, 1, " + MOST_LOST
    })
    void accountsBendNoWarmMixture(int accounts, Instruction.Items items, int number, double mostLost) {
        Learnt bent = learnt(warm.of(Goal.RANK, accounts), clicks(items, number, -2));

        assertThat(bent.repeat).isCloseTo(quiet.repeat, within(MOST_REPEAT));
        assertThat(bent.bonus).isCloseTo(quiet.bonus, within(MOST_BONUS));
        assertThat(bent.found).isGreaterThan(quiet.found - mostLost);
    }

    @Test
    void withoutCapsOneAccountBendsIt() { // the measure can see it
        Scene scene = scene(WARM, Map.of("attribution.cap.user-item", "0", "attribution.cap.user", "0"));
        Instruction often = clicks(Instruction.Items.POPULAR, 10, -2);

        Learnt bent = learnt(scene, often, often);

        Learnt alone = learnt(scene);
        assertThat(bent.repeat).isNotCloseTo(alone.repeat, within(MOST_REPEAT));
        assertThat(bent.found).isLessThan(alone.found - MOST_LOST);
    }

    @Test
    void oneAccountBendsAColdMixture() {
        Scene scene = scene(COLD, Map.of());

        Learnt bent = learnt(scene, clicks(Instruction.Items.POPULAR, 10, 2));

        assertThat(bent.repeat).isNotCloseTo(learnt(scene).repeat, within(MOST_REPEAT));
    }

    private static Scene scene(Scene.Span span, Map<String, String> set) {
        Map<String, String> all = new HashMap<>(Map.of("history.answers", "true", "young.budget", "0.01"));
        all.putAll(set);
        return Scene.of(Goal.RANK, 1, all, span);
    }

    private static Learnt learnt(Scene scene, Instruction... instructions) {
        List<Double> ranks = new ArrayList<>();
        Raid.Outcome raid = scene.raided(
                new Program(List.of(instructions)), (click, byModel, byPopularity) -> ranks.add(byModel.get(0)));
        TrainingProgress progress = raid.progress.orElseThrow();
        double top = ranks.stream().filter(rank -> rank <= TOP).count();
        return new Learnt(
                progress.figure(Figure.REPEAT_WEIGHT, "0"), progress.figure(Figure.YOUNG_BONUS), top / ranks.size());
    }

    /** @param pace of {@link Instruction.Schedule} */
    private static Instruction clicks(Instruction.Items items, int number, int pace) {
        return new Instruction(
                Instruction.EACH,
                Instruction.Kind.PAIR,
                new Instruction.Aim(items, number),
                1,
                new Instruction.Clock(0, 0, 0),
                new Instruction.Size(0, Instruction.LEAST_ID_BYTES),
                new Instruction.Schedule(0, pace, Instruction.MOST_TIMES));
    }
}
