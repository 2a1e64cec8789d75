package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.exam.RankingTotals;
import dev.millrace.model.StepTimes;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PrequentialTest {

    private static final PrequentialSettings HALF = new PrequentialSettings(1, 0.5, 2);

    @Test
    void theActionsTogetherAreTheWhole() {
        History history = groups(400);

        Prequential.Result result = prequential(history).runWithItemNeighbours(Prequential.Mode.ONLINE);

        assertThat(result.byAction()).containsOnlyKeys("click", "like");
        assertThat(result.byAction().values())
                .allSatisfy(totals -> assertThat(totals.model().scored()).isPositive());
        assertSum(
                result,
                result.exam().model(),
                result.byAction().values().stream().map(ActionTotals::model).toArray(RankingTotals[]::new));
        assertSum(
                result,
                result.exam().popularity(),
                result.byAction().values().stream()
                        .map(ActionTotals::popularity)
                        .toArray(RankingTotals[]::new));
        assertThat(result.all().itemNeighbours().scored())
                .isEqualTo(result.exam().model().scored());
    }

    @Test
    void rivalsAndWitnessesChangeNothingInTheModel() {
        History history = groups(400);

        Prequential.Result alone = prequential(history).run(Prequential.Mode.ONLINE);
        Prequential.Result beside = prequential(history).runWithItemNeighbours(Prequential.Mode.ONLINE);

        assertThat(beside.exam().model().gain10())
                .isEqualTo(alone.exam().model().gain10());
        assertThat(beside.exam().model().hits()).isEqualTo(alone.exam().model().hits());
        assertThat(alone.all().itemNeighbours().scored()).isZero();
    }

    /** Users keep to a group of ten of sixty items; whoever counts pairs finds it. */
    @Test
    void itemNeighboursFindWhatGoesTogether() {
        History history = groups(1_200);

        Prequential.Result result = prequential(history).runWithItemNeighbours(Prequential.Mode.ONLINE);

        // the item is one of the ten, less those had; by chance it would be among the first ten of sixty in one of six
        assertThat(result.all().itemNeighbours().recallAt(10)).isGreaterThan(0.9);
        assertThat(result.all().popularity().recallAt(10)).isLessThan(0.4);
    }

    @Test
    void everyPassOverTheWarmUpIsCountedAsLearnt() {
        History history = groups(400);

        Prequential.Result online = prequential(history).run(Prequential.Mode.ONLINE);
        Prequential.Result frozen = prequential(history).run(Prequential.Mode.FROZEN);

        // half of 400 twice, and the other half once
        assertThat(online.learnt()).isEqualTo(600);
        assertThat(frozen.learnt()).isEqualTo(400);
        assertThat(frozen.exam().model().scored())
                .isEqualTo(online.exam().model().scored());
    }

    @Test
    void exposuresThatWereNotClickedMoveNoBoundary() {
        History clicked = new History(Map.of("attribution.mode", "exposures"));
        History all = new History(History.EXPOSED);
        for (History history : List.of(clicked, all)) {
            for (int item = 0; item < 10; item++) {
                history.item("i" + item);
            }
            for (int click = 0; click < 40; click++) {
                long time = History.START + click * History.HOUR;
                String user = "u" + click % 4;
                // three in four are shown in the first half, so that a boundary by examples would lie elsewhere
                if (click < 30) {
                    history.expose(user, "i" + (click + 5) % 10, time);
                }
                history.expose(user, "i" + click % 10, time).click(user, "i" + click % 10, time + 1);
            }
        }

        Prequential.Result without = prequential(clicked).run(Prequential.Mode.ONLINE);
        Prequential.Result with = new Prequential(
                        HALF, all.examples(), History.trainer(History.EXPOSED), StepTimes.UNTIMED)
                .run(Prequential.Mode.ONLINE);

        assertThat(with.positives()).isEqualTo(without.positives()).isEqualTo(40);
        assertThat(with.exam().model().scored())
                .isEqualTo(without.exam().model().scored())
                .isEqualTo(20);
    }

    private static void assertSum(Prequential.Result result, RankingTotals whole, RankingTotals... parts) {
        long scored = 0;
        long[] hits = new long[RankingTotals.CUTOFFS.size()];
        for (RankingTotals part : parts) {
            scored += part.scored();
            for (int at = 0; at < hits.length; at++) {
                hits[at] += part.hits()[at];
            }
        }
        assertThat(scored).as("%s", result).isEqualTo(whole.scored());
        assertThat(hits).isEqualTo(whole.hits());
    }

    private static Prequential prequential(History history) {
        return new Prequential(HALF, history.examples(), History.trainer(), StepTimes.UNTIMED);
    }

    /** Sixty items in six groups; each user clicks or likes what is in theirs. */
    private static History groups(int clicks) {
        History history = new History();
        for (int item = 0; item < 60; item++) {
            history.item("i" + item);
        }
        Random random = new Random(1);
        for (int click = 0; click < clicks; click++) {
            int user = random.nextInt(clicks / 5);
            String item = "i" + (10 * (user % 6) + random.nextInt(10));
            String action = random.nextInt(4) == 0 ? "like" : "click";
            history.act("u" + user, item, action, History.START + click * 1_000L);
        }
        return history;
    }
}
