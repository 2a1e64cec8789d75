package dev.millrace.alarm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.alarm.InputAlarms.State;
import dev.millrace.state.Books;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class InputAlarmsTest {

    private final InputAlarms alarms = new InputAlarms(new InputAlarmSettings(0.2, 0.3, 0.05, 0.1, 1));

    @Test
    void orphansAlarmUntilClicksFindExposuresAgain() {
        assertThat(take("attribute-0_0", clicks(60, 30))).isEmpty(); // 90 clicks are no hundred yet

        assertThat(take("attribute-0_1", clicks(10, 10)))
                .containsExactly(new State(Symptom.ORPHAN_CLICKS, 40 / 110.0, 0.2, true));

        // 70 and 30 orphans more of 100: still; then 80 and 20: at the limit is not beyond it
        assertThat(take("attribute-0_0", clicks(130, 60))).isEmpty();
        assertThat(take("attribute-0_0", clicks(210, 80)))
                .containsExactly(new State(Symptom.ORPHAN_CLICKS, 0.2, 0.2, false));
    }

    @Test
    void orphansThatAreLearntAreOrphans() {
        assertThat(take(
                        "attribute-0_0",
                        Map.of("clicks", account(200, Map.of("orphan-attributed", 150L, "late", 50L)))))
                .containsExactly(new State(Symptom.ORPHAN_CLICKS, 0.75, 0.2, true));
    }

    @Test
    void lateClicksBeyondTheLimitAreAnAlarm() {
        assertThat(take("attribute-0_0", Map.of("clicks", account(100, Map.of("attributed", 69L, "late", 31L)))))
                .containsExactly(new State(Symptom.LATE_CLICKS, 0.31, 0.3, true));

        assertThat(take("attribute-0_0", Map.of("clicks", account(200, Map.of("attributed", 139L, "late", 61L)))))
                .containsExactly(new State(Symptom.LATE_CLICKS, 0.3, 0.3, false));
    }

    @Test
    void cutWeightsAlarmAmongCappedClicksToo() {
        Map<String, Long> outcomes = Map.of("attributed", 60L, "capped", 34L, "attributed: cut weight", 6L);

        assertThat(take("attribute-0_0", Map.of("clicks", account(100, outcomes))))
                .containsExactly(new State(Symptom.CUT_WEIGHTS, 0.06, 0.05, true));
    }

    @Test
    void misplacedRecordsAlarmUntilThousandFollowInPlace() {
        assertThat(take("attribute-1_0", Map.of("items", account(5, Map.of("rejected: bad-partition", 1L)))))
                .containsExactly(new State(Symptom.MISPLACED_RECORDS, 1, 0, true));

        assertThat(take("attribute-1_1", Map.of("items", account(999, Map.of("applied", 999L)))))
                .isEmpty();
        assertThat(take("attribute-1_1", Map.of("items", account(1000, Map.of("applied", 1000L)))))
                .containsExactly(new State(Symptom.MISPLACED_RECORDS, 1, 0, false));
    }

    @Test
    void misplacedRemovalAlarmsUntilItIsAcknowledged() {
        Map<String, Long> one = Map.of("rejected: misplaced-removal", 1L);
        alarms.take("attribute-0_0", Map.of("users", account(10, one)), OptionalDouble.empty(), true); // one is known
        assertThat(active()).isEmpty();

        alarms.take("attribute-1_0", Map.of("items", account(20, one)), OptionalDouble.empty(), true);
        assertThat(active()).containsExactly(Symptom.MISPLACED_REMOVALS);

        take("attribute-1_0", Map.of("items", account(100_000, one)));
        assertThat(active()).containsExactly(Symptom.MISPLACED_REMOVALS);
    }

    @Test
    void itemsFarAheadAreAnAlarmWhileTheyAreMany() {
        assertThat(alarms.take("learn-0", Map.of(), OptionalDouble.of(0.1), false))
                .isEmpty();
        assertThat(alarms.take("learn-0", Map.of(), OptionalDouble.of(0.2), false))
                .containsExactly(new State(Symptom.FAR_ITEMS, 0.2, 0.1, true));
        assertThat(take("attribute-0_0", Map.of())).isEmpty(); // which does not know
        assertThat(active()).containsExactly(Symptom.FAR_ITEMS);
        assertThat(alarms.take("learn-0", Map.of(), OptionalDouble.of(0.05), false))
                .containsExactly(new State(Symptom.FAR_ITEMS, 0.05, 0.1, false));
    }

    @Test
    void whatWasBeforeThisProcessIsNoNewAlarm() {
        alarms.take(
                "attribute-0_0",
                Map.of(
                        "clicks", account(500, Map.of("orphan", 500L)),
                        "users", account(9, Map.of("rejected: bad-partition", 9L))),
                OptionalDouble.empty(),
                true);

        assertThat(active()).isEmpty();
    }

    @Test
    void alarmThatIsOffNeverBegins() {
        InputAlarms off = new InputAlarms(new InputAlarmSettings(0, 0, 0, 0, 0));

        assertThat(off.take("attribute-0_0", clicks(0, 1000), OptionalDouble.of(1), false))
                .isEmpty();
    }

    private List<State> take(String part, Map<String, Books.Account> books) {
        return alarms.take(part, books, OptionalDouble.empty(), false);
    }

    private List<Symptom> active() {
        return alarms.states().stream().filter(State::isActive).map(State::kind).toList();
    }

    private static Map<String, Books.Account> clicks(long attributed, long orphans) {
        return Map.of("clicks", account(attributed + orphans, Map.of("attributed", attributed, "orphan", orphans)));
    }

    private static Books.Account account(long received, Map<String, Long> outcomes) {
        return new Books.Account(received, 0, new TreeMap<>(outcomes));
    }
}
