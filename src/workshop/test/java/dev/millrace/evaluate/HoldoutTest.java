package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class HoldoutTest {

    private static final PrequentialSettings HALF = new PrequentialSettings(1, 0.5, 1);
    private static final HoldoutSettings BY_SHARE = new HoldoutSettings(0, 0);

    @Test
    void theFirstDaysAreLearntFromAndTheRestIsTheTest() {
        History history = new History()
                .items(12)
                .click("anna", "i0", History.START)
                .click("anna", "i1", History.START + 47 * History.HOUR)
                .click("anna", "i2", History.START + 48 * History.HOUR)
                .click("ben", "i3", History.START + 49 * History.HOUR);

        // two days of Shanghai end 48 hours after its midnight; that midnight is 16:00 UTC, so that two days of UTC end
        // after 32
        Holdout.Result shanghai = run(new HoldoutSettings(2, 8), history);
        Holdout.Result utc = run(new HoldoutSettings(2, 0), history);

        assertThat(shanghai.trainPositives()).isEqualTo(2);
        assertThat(shanghai.testPositives()).isEqualTo(2);
        assertThat(utc.trainPositives()).isEqualTo(1);
        assertThat(utc.testPositives()).isEqualTo(3);
    }

    @Test
    void withoutDaysTheShareDivides() {
        History history = new History().items(12);
        for (int click = 0; click < 10; click++) {
            history.click("anna", "i" + click, History.START + click);
        }

        Holdout.Result result = run(BY_SHARE, history);

        assertThat(result.trainPositives()).isEqualTo(5);
        assertThat(result.testPositives()).isEqualTo(5);
        assertThat(result.learnt()).isEqualTo(5);
    }

    @Test
    void whatAUserHadIsNeitherOfferedNorRelevant() {
        History history = new History()
                .items(3)
                .click("anna", "i0", History.START)
                .click("anna", "i1", History.START + 1)
                .click("ben", "i1", History.START + 2)
                .click("anna", "i0", History.START + 3) // again
                .click("anna", "i2", History.START + 4)
                .click("ben", "i1", History.START + 5); // again, and nothing else

        Holdout.Result result = run(BY_SHARE, history);

        // anna had i0 and i1, so that i2 is all there is to offer and to find; ben has nothing to find
        assertThat(result.testUsers()).isEqualTo(2);
        assertThat(result.searchedUsers()).isEqualTo(1);
        assertThat(mean(result, "model", "recall@1")).isEqualTo(1);
        assertThat(mean(result, "model", "precision@1")).isEqualTo(1);
        assertThat(mean(result, "popularity", "recall@1")).isEqualTo(1);
        assertThat(mean(result, "item-knn", "recall@1")).isZero(); // nobody had i2 with anything
    }

    @Test
    void theBaselinesKnowTheFirstPartAlone() {
        History history = new History().items(40);
        // i1 goes with i0, and i2 is popular
        for (int user = 0; user < 10; user++) {
            history.click("pair" + user, "i0", History.START + user);
            history.click("pair" + user, "i1", History.START + user);
            history.click("fan" + user, "i2", History.START + user);
            history.click("fan" + user + "b", "i2", History.START + user);
        }
        history.click("anna", "i0", History.START + 20);
        // the second part: as many again, of which i10 would be the most popular
        history.click("anna", "i1", History.START + 30);
        for (int user = 0; user < 40; user++) {
            history.click("late" + user, "i10", History.START + 40 + user);
        }

        Holdout.Result result = run(BY_SHARE, history);

        // 41 test users: anna finds i1 by neighbours at once, the others have no history to go by
        assertThat(result.searchedUsers()).isEqualTo(41);
        assertThat(mean(result, "item-knn", "recall@1")).isEqualTo(1.0 / 41);
        // i2 before i0 and i1 before all others; of these, none clicked, i10 is the first by its name
        assertThat(mean(result, "popularity", "recall@1")).isZero();
        assertThat(mean(result, "popularity", "recall@10")).isEqualTo(1.0);
    }

    @Test
    void unclickedExposuresAreNotRelevant() {
        History history = new History(History.EXPOSED).items(4);
        // i3 is shown to anna in either part and never clicked
        long at = History.START;
        for (String item : List.of("i0", "i1", "i2")) {
            history.expose("anna", "i3", at).expose("anna", item, at).click("anna", item, at + 1);
            history.expose("ben", "i0", at).click("ben", "i0", at + 2);
            at += 2 * History.HOUR;
        }

        Holdout.Result result =
                new Holdout(BY_SHARE, history.evaluation(HALF, History.trainer(History.EXPOSED))).run(List.of(2));

        // clicks: i0 of anna, of ben, i1 of anna | i0 of ben again, i2 of anna, i0 of ben. Of the items that anna has
        // left, i2 and i3, she
        // finds i2
        assertThat(result.trainPositives()).isEqualTo(3);
        assertThat(result.testPositives()).isEqualTo(3);
        assertThat(result.testUsers()).isEqualTo(2);
        assertThat(result.searchedUsers()).isEqualTo(1);
        assertThat(mean(result, "model", "recall@2")).isEqualTo(1);
        assertThat(mean(result, "model", "precision@2")).isEqualTo(0.5);
    }

    @Test
    void ofManyTestUsersSomeAreAsked() {
        History history = new History().items(12);
        for (int click = 0; click < 20; click++) {
            history.click("u" + click % 10, "i" + click / 10, History.START + click);
        }

        Holdout.Result result =
                new Holdout(BY_SHARE, history.evaluation(HALF.with(5, 1), History.trainer())).run(List.of(1, 10));

        assertThat(result.testUsers()).isEqualTo(10);
        assertThat(result.share()).isEqualTo(0.5);
        assertThat(result.searchedUsers()).isEqualTo(5);
        assertThat(Objects.requireNonNull(result.rankings().get("model")).count())
                .isEqualTo(5);
    }

    /** For N of 1 and of 10. */
    private static Holdout.Result run(HoldoutSettings settings, History history) {
        return new Holdout(settings, history.evaluation(HALF, History.trainer())).run(List.of(1, 10));
    }

    private static double mean(Holdout.Result result, String ranking, String figure) {
        return Objects.requireNonNull(result.rankings().get(ranking)).mean(figure);
    }
}
