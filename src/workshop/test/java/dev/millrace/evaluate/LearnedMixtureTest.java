package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.exam.ExamWitness;
import dev.millrace.exam.QueryWeights;
import dev.millrace.exam.RankingTotals;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.train.TrainerSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The learned mixture of towers and popularity, on generated streams. */
@Tag("slow")
class LearnedMixtureTest {

    private static final int CLICKS = 12_000;
    private static final int GROUPS = 4;
    private static final Map<String, String> SETTINGS = Map.of(
            "batch.size", "32",
            "batch.negatives", "64",
            "tower.dim", "32",
            "tower.user.hidden", "32",
            "tower.item.hidden", "32",
            "features.user.history.pooling", "positions",
            "loss.smoothing", "0.2",
            "optimiser.rows.learning-rate", "0.05",
            "negatives.popularity", "64");

    /** How long an item can be clicked, and how long it takes from click to click. */
    private enum Life {
        AN_HOUR(History.HOUR, 5_000),
        A_DAY(24 * History.HOUR, 60_000),
        FOR_EVER(Long.MAX_VALUE / 2, 60_000);

        private final long millis;
        private final long spacing;

        Life(long millis, long spacing) {
            this.millis = millis;
            this.spacing = spacing;
        }
    }

    @ParameterizedTest
    @EnumSource(Life.class)
    void itIsNotBelowPopularityNorBelowTheTowersAlone(Life life) {
        Prequential.Result result = run(stream(life, 0.7));
        Prequential.Result withoutTaste = run(stream(life, 0)); // of the users, which is all that towers can learn

        assertNotBelow(result, result.all().byModel().get(1));
        for (Prequential.Result each : List.of(result, withoutTaste)) {
            RankingTotals popularity = each.all().popularity();
            assertNotBelow(each, popularity);
            // popularity learns too late what is new; without the weights of age, half of these recalls are reached
            double least = life == Life.FOR_EVER ? 0 : 1.5 * popularity.recallAt(10);
            assertThat(each.all().model().recallAt(10)).isGreaterThan(least);
        }
    }

    /** Two standard errors: the weights follow the likelihood of all places, which is not the recall of the first ones. */
    private static void assertNotBelow(Prequential.Result result, RankingTotals other) {
        RankingTotals model = result.all().model();
        assertThat(model.recallAt(10)).isGreaterThan(other.recallAt(10) - 2 * model.standardErrorAt(10));
    }

    private static Prequential.Result run(History history) {
        TrainerSettings mixed = History.trainer(SETTINGS);
        TrainerSettings settings =
                mixed.withExam(mixed.exam().withOtherWeights(List.of(QueryWeights.of(GivenWeights.OF_THE_TOWERS))));
        return new Prequential(history.evaluation(new PrequentialSettings(1, 0.5, 1), settings))
                .run(Prequential.Mode.ONLINE, false, ExamWitness.NONE);
    }

    /**
     * Users of some groups click items that are alive and that they have not had, the newest most.
     *
     * @param taste share of the clicks that are on items of the user's group
     */
    private static History stream(Life life, double taste) {
        SplittableRandom random = new SplittableRandom(5);
        History history = new History(SETTINGS);
        int alive = 200;
        long between = Math.max(1, life.millis / alive);
        int items = (int) Math.min(alive + CLICKS * life.spacing / between, alive + CLICKS);
        Set<String> had = new HashSet<>();
        int announced = 0;
        for (int click = 0; click < CLICKS; click++) {
            long passed = click * life.spacing;
            int newest = alive - 1 + (int) Math.min(passed / between, items - alive);
            while (announced <= newest) {
                long since = (long) (announced - alive + 1) * between; // those of the beginning are older
                history.item("i" + announced++, life == Life.FOR_EVER ? History.START : History.START + since);
            }
            int user = random.nextInt(300);
            int item = drawn(random, newest, alive);
            while (had.contains(user + "/" + item) || (item % GROUPS != user % GROUPS && random.nextDouble() < taste)) {
                item = drawn(random, newest, alive);
            }
            had.add(user + "/" + item);
            history.click("u" + user, "i" + item, History.START + passed);
        }
        return history;
    }

    /** Draws an age that is small more often than it is large. */
    private static int drawn(SplittableRandom random, int newest, int alive) {
        return newest - (int) (alive * Math.pow(random.nextDouble(), 3));
    }
}
