package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.exam.ExamWitness;
import dev.millrace.exam.RankingTotals;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The first half of the clicks is the warm-up. Batches are of eight clicks. */
class StaleCopiesTest {

    private static final long HOUR = History.HOUR;
    private static final StaleCopies.Age HOUR_OLD = StaleCopies.Age.of("1h");
    private static final StaleCopies.Age DAY_OLD = StaleCopies.Age.of("1d");
    private static final PrequentialSettings ONCE = new PrequentialSettings(1, 0.5, 1);

    @Test
    void copiesChangeNothingOfTheLearner() {
        History history = clicks(320, HOUR / 10);
        Map<String, List<Double>> alone = new HashMap<>();
        Map<String, List<Double>> beside = new HashMap<>();

        new Prequential(history.evaluation(ONCE, History.trainer()))
                .run(Prequential.Mode.ONLINE, false, History.into(alone));
        Prequential.Result found =
                stale(history, ONCE, Map.of(), HOUR_OLD).run(Prequential.Mode.ONLINE, false, History.into(beside));

        assertThat(beside).isEqualTo(alone).isNotEmpty();
        assertThat(found.stale()).isNotEmpty();
    }

    /** Two days pass between the halves, and less than half a day from then on: one copy answers all. */
    @Test
    void aCopyFindsWhatAFrozenModelFinds() {
        History history = halves(160, 2 * 24 * HOUR);
        Map<String, String> towers = Map.of("exam.popularity-weight", "0", "exam.neighbours-weight", "0");

        Prequential.Result frozen = new Prequential(history.evaluation(ONCE, History.trainer(towers)))
                .run(Prequential.Mode.FROZEN, false, ExamWitness.NONE);
        List<StaleCopies.Row> rows = run(history, ONCE, towers, DAY_OLD);

        RankingTotals copy = row(rows, DAY_OLD).model();
        assertThat(copy.hits()).isEqualTo(frozen.all().model().hits());
        assertThat(copy.gain10()).isEqualTo(frozen.all().model().gain10()).isPositive();
        assertThat(copy.gain10())
                .isNotEqualTo(row(rows, StaleCopies.Age.NONE).model().gain10());
    }

    /** Of a hundred items the last is clicked in the second half alone, by all. */
    @Test
    void aCopyCountsNothingThatCameAfterIt() {
        History history = items(100);
        for (int click = 0; click < 160; click++) {
            boolean isLater = click >= 80;
            long time = History.START + (isLater ? 48 * HOUR : 0) + click * 1_000L;
            history.click("u" + click % 80, isLater ? "i99" : "i" + click % 90, time);
        }

        List<StaleCopies.Row> rows = run(history, ONCE, Map.of(), DAY_OLD);

        // all but the first batch know of it; each of eighty users asks once
        assertThat(row(rows, StaleCopies.Age.NONE).popularity().recallAt(10)).isEqualTo(0.9);
        assertThat(row(rows, DAY_OLD).popularity().recallAt(50)).isZero();
    }

    @Test
    void theAgeIsAtMostHalfAsLongAgain() {
        History history = clicks(1_600, HOUR / 10); // of 160 hours

        List<StaleCopies.Row> rows = run(history, ONCE, Map.of(), DAY_OLD, HOUR_OLD);

        // a batch is of 48 minutes, and what was learnt 6 minutes before it: of .1, .9, 1.7, … hours the first one from
        // 1 on
        assertThat(row(rows, StaleCopies.Age.NONE).lagHours()).isEqualTo(0.1, within(1e-9));
        assertThat(row(rows, HOUR_OLD).lagHours()).isEqualTo(1.7, within(1e-9));
        assertThat(row(rows, DAY_OLD).lagHours()).isBetween(28.0, 32.0);
    }

    @Test
    void allAgesRankTheSameEvents() {
        History history = clicks(1_600, HOUR / 10); // 80 hours a half

        Prequential.Result once =
                stale(history, ONCE, Map.of(), HOUR_OLD, DAY_OLD).run(Prequential.Mode.ONLINE, false, ExamWitness.NONE);
        Prequential.Result twice = stale(history, new PrequentialSettings(1, 0.5, 2), Map.of(), HOUR_OLD, DAY_OLD)
                .run(Prequential.Mode.ONLINE, false, ExamWitness.NONE);

        assertThat(once.stale())
                .filteredOn(ofAll())
                .extracting(row -> row.model().scored())
                .containsExactly(800L, 800L, 800L);
        // a copy of the warm-up would know what came later in it: none answers in the first day, of thirty batches
        assertThat(twice.stale())
                .filteredOn(ofAll())
                .extracting(row -> row.model().scored())
                .containsExactly(560L, 560L, 560L);
    }

    @Test
    void aCopyRanksItemsThatCameAfterIt() {
        History history = halves(160, 2 * 24 * HOUR);
        history.item("late", History.START + 49 * HOUR);
        for (int click = 0; click < 16; click++) {
            history.click("u" + click, "late", History.START + 50 * HOUR + click);
        }

        List<StaleCopies.Row> rows = run(history, ONCE, Map.of(), DAY_OLD);

        // the catalogue has less than fifty items, so that each is found if it is known
        assertThat(row(rows, DAY_OLD).model().recallAt(50)).isEqualTo(1);
        assertThat(row(rows, DAY_OLD).model().scored()).isEqualTo(80 + 8);
    }

    /** Eight users click in each batch. The second half comes a day after the first, its last batch two days later. */
    @Test
    void eventsArePartedByTheLastClickBefore() {
        History history = items(20);
        for (int click = 0; click < 160; click++) {
            int pause = click < 80 ? 0 : click < 152 ? 24 : 72; // hours
            String item = "i" + (click / 8 + click % 8) % 20; // in the batch before, the next user's
            history.click("u" + click % 8, item, History.START + pause * HOUR + click * 60_000L);
        }

        List<StaleCopies.Row> rows = run(history, ONCE, Map.of(), HOUR_OLD, DAY_OLD);

        // of ten batches the first and the last come after a pause, the others after eight minutes
        assertThat(scored(rows, StaleCopies.Touched.USER, DAY_OLD))
                .isEqualTo(Map.of("less than 1h", 8 * 8L, "1d or more", 2 * 8L));
        // so do the items of seven users; that of the eighth is new in three batches, then one of the first half
        assertThat(scored(rows, StaleCopies.Touched.ITEM, HOUR_OLD))
                .isEqualTo(Map.of("less than 1h", 8 * 7L, "1d or more", 2 * 7L + 7, "none learnt", 3L));
        assertThat(rows).hasSize(3 * (1 + 2 + 3));
    }

    private static Map<String, Long> scored(
            List<StaleCopies.Row> rows, StaleCopies.Touched touched, StaleCopies.Age age) {
        Map<String, Long> scored = new HashMap<>();
        rows.stream()
                .filter(row -> row.part().touched() == touched && row.age().equals(age))
                .forEach(row -> scored.put(row.part().since(), row.model().scored()));
        return scored;
    }

    private static StaleCopies.Row row(List<StaleCopies.Row> rows, StaleCopies.Age age) {
        return rows.stream()
                .filter(ofAll().and(row -> row.age().equals(age)))
                .findFirst()
                .orElseThrow();
    }

    private static Predicate<StaleCopies.Row> ofAll() {
        return row -> row.part().touched() == StaleCopies.Touched.ANY;
    }

    private static List<StaleCopies.Row> run(
            History history, PrequentialSettings shares, Map<String, String> settings, StaleCopies.Age... ages) {
        return stale(history, shares, settings, ages)
                .run(Prequential.Mode.ONLINE, false, ExamWitness.NONE)
                .stale();
    }

    private static Prequential stale(
            History history, PrequentialSettings shares, Map<String, String> settings, StaleCopies.Age... ages) {
        return new Prequential(
                history.evaluation(shares, History.trainer(settings)),
                Long.MAX_VALUE,
                Stream.of(ages).toList());
    }

    /** Twenty users in four groups of ten items. */
    private static History clicks(int count, long apart) {
        History history = items(40);
        for (int click = 0; click < count; click++) {
            history.click("u" + click % 20, item(click), History.START + click * apart);
        }
        return history;
    }

    /** The second half of the clicks comes after a pause. */
    private static History halves(int count, long pause) {
        History history = items(40);
        for (int click = 0; click < count; click++) {
            history.click(
                    "u" + click % 20, item(click), History.START + (click < count / 2 ? 0 : pause) + click * 1_000L);
        }
        return history;
    }

    private static String item(int click) {
        return "i" + (10 * (click % 4) + (click * 7 / 4) % 10);
    }

    private static History items(int count) {
        return new History(Map.of("attribution.cap.user-item", "0")).items(count);
    }
}
