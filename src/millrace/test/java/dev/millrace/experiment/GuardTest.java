package dev.millrace.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuardTest {

    private static final long MILLI = 1_000_000; // nanoseconds
    private static final long AGE = 4_000;

    @Test
    void sharesAreThoseOfAllAnswers() {
        ArmAnswers answers = new ArmAnswers();
        for (int at = 0; at < 1_000; at++) {
            answers.add(at < 20 ? List.of() : List.of("a"), at < 50, MILLI, 10, AGE);
        }

        assertThat(Guard.EMPTY.value(answers)).isEqualTo(0.02);
        assertThat(Guard.COLD.value(answers)).isEqualTo(0.05);
        assertThat(Guard.VECTOR_AGE.value(answers)).isEqualTo(4);
    }

    @Test
    void p99IsTheTimeThatOneAnswerOfAHundredExceeds() {
        assertThat(p99(990, 10)).isCloseTo(1, within(1 / 16.0)); // the 990th of 1,000 is a fast one
        assertThat(p99(989, 11)).isCloseTo(200, within(200 / 16.0));
        assertThat(p99(989, 11)).isGreaterThanOrEqualTo(200); // rounded up to the edge of its bin
    }

    private static double p99(int fast, int slow) {
        ArmAnswers answers = new ArmAnswers();
        IntStream.range(0, fast).forEach(at -> answers.add(List.of("a"), false, MILLI, 10, AGE));
        IntStream.range(0, slow).forEach(at -> answers.add(List.of("a"), false, 200 * MILLI, 10, AGE));
        return Guard.P99.value(answers);
    }

    /** Linear counting of n items in m = 32,768 bits has a standard error of sqrt(m (e^t − t − 1)) / n with t = n / m: .2 % of 10,000. */
    @Test
    void catalogueIsTheShareOfDistinctItems() {
        ArmAnswers answers = new ArmAnswers();
        for (int at = 0; at < 2_000; at++) {
            int first = 5 * at; // each of 10,000 items once
            answers.add(
                    IntStream.range(first, first + 5)
                            .mapToObj(item -> "item-" + item)
                            .toList(),
                    false,
                    MILLI,
                    20_000,
                    AGE);
        }

        assertThat(Guard.CATALOGUE.value(answers)).isCloseTo(0.5, within(0.005));
    }

    @Test
    void answersOfSeveralServersAreAsThoseOfOne() {
        ArmAnswers all = new ArmAnswers();
        List<ArmAnswers> servers = List.of(new ArmAnswers(), new ArmAnswers());
        for (int at = 0; at < 2_000; at++) {
            for (ArmAnswers one : List.of(all, servers.get(at % 2))) {
                one.add(at % 7 == 0 ? List.of() : List.of("i" + at), at % 3 == 0, at * MILLI, 3_000 + at % 2, AGE + at);
            }
        }

        ArmAnswers sum = servers.get(0).plus(servers.get(1));

        for (Guard guard : Guard.values()) {
            assertThat(guard.value(sum))
                    .as(guard.label())
                    .isEqualTo(guard.value(all))
                    .isPositive();
        }
    }

    @Test
    void answersThatOnlyALaterVersionCouldTellAreRefused() {
        List<Long> bins = Collections.nCopies(1_000, 1L); // a doubling of time has 16, a long 63 doublings at most

        assertThatThrownBy(() -> new ArmAnswers(1, 0, 0, 1, 1, bins, new byte[0]))
                .hasMessageContaining("1000 bins of times");
        assertThatThrownBy(() -> new ArmAnswers(1, 0, 0, 1, 1, List.of(), new byte[4_097])) // 32,768 bits
                .hasMessageContaining("4097 bytes of items");
    }

    @Test
    void oneSlowWindowBreaksNothing() {
        assertThat(fault("p99=100", window(30, 300), window(30, 30), window(30, 30)))
                .isEmpty();
        assertThat(fault("p99=100", window(30, 300))).isEmpty(); // nor does it where there is no other yet
    }

    @Test
    void twoSlowWindowsOfThreeBreakTheBound() {
        assertThat(fault("p99=100", window(30, 300), window(30, 30), window(30, 200))
                        .orElseThrow())
                .matches("p99 = 3\\d\\d\\.\\d+: must be at most 100\\.0, and was not in 2 of 3 windows");
    }

    @Test
    void twoWindowsSayThatABoundHolds() {
        assertThat(reading("p99=100", window(30, 30)).holds()).isFalse();
        assertThat(reading("p99=100", window(30, 300), window(30, 30)).holds()).isFalse(); // the next one decides
        assertThat(reading("p99=100", window(30, 300), window(30, 30), window(30, 30))
                        .holds())
                .isTrue();
    }

    @Test
    void bothArmsSlowBreakNoRelativeBound() {
        AnswerWindow[] slow = {window(300, 330), window(280, 300), window(400, 380)};

        assertThat(fault("p99=100", slow)).isPresent();
        assertThat(fault("p99=1.5x", slow)).isEmpty();
        assertThat(reading("p99=1.5x", slow).holds()).isTrue();
        assertThat(fault("p99=1.5x", window(20, 40), window(20, 20), window(100, 200))
                        .orElseThrow())
                .matches("p99 = 4\\d\\.\\d+: must be at most 1\\.5x of the control's 2\\d\\.\\d+, and was .*");
    }

    /** The control's 40 items against 10 or 30 of the treatment: a quarter, and three of them. */
    @Test
    void relativeCatalogueIsALeastShareOfTheControls() {
        AnswerWindow narrow = new AnswerWindow(0, 1, items(40), items(10));
        AnswerWindow wide = new AnswerWindow(0, 1, items(40), items(30));

        assertThat(fault("catalogue=.5x", narrow, narrow)).isPresent();
        assertThat(fault("catalogue=.5x", wide, wide)).isEmpty();
        assertThat(fault("catalogue=.25", narrow, narrow)).isPresent(); // of 100 items
        assertThat(fault("catalogue=.25", wide, wide)).isEmpty();
    }

    @Test
    void ageOfVectorsIsKnownFromTheFirstAnswer() {
        ArmAnswers one = answers(1, 1);
        AnswerHistory few = AnswerHistory.of(List.of(AnswerWindow.of(Arm.TREATMENT, 0, 1, one)), List.of());

        assertThat(reading(few, "vector-age=3").fault().orElseThrow()).startsWith("vector-age = 4.0: ");
        assertThat(reading(few, "vector-age=5").holds()).isTrue();
        assertThat(reading(few, "vector-age=2x").holds()).isFalse(); // the control has not answered
        assertThat(reading(few, "empty=1").holds()).isFalse();
        assertThat(reading(AnswerHistory.NONE, "vector-age=5").holds()).isFalse();
    }

    @Test
    void readingNamesValuesBoundAndBrokenWindows() {
        Map<String, Object> members =
                reading("empty=0.1x", window(30, 30), window(30, 30)).members();

        assertThat(members.toString())
                .isEqualTo("{guard=empty, control=0.0, treatment=0.0, bound=0.1x, broken=0 of 2 windows}");
        assertThat(Guard.readings(Crowd.plan(0.1, 10.0), AnswerHistory.NONE)
                        .get(0)
                        .members())
                .isEqualTo(Map.of("guard", "empty"));
    }

    private static Optional<String> fault(String bound, AnswerWindow... newestFirst) {
        return reading(bound, newestFirst).fault();
    }

    private static Guard.Reading reading(String bound, AnswerWindow... newestFirst) {
        return reading(new AnswerHistory(AnswerWindow.empty(), List.of(newestFirst)), bound);
    }

    private static Guard.Reading reading(AnswerHistory told, String bound) {
        return Guard.readings(Crowd.plan(0.1, 10.0).guardedBy(Guard.bounds(List.of(bound))), told).stream()
                .filter(one -> one.bound().isPresent())
                .findFirst()
                .orElseThrow();
    }

    /** @param control milliseconds of its answers */
    private static AnswerWindow window(int control, int treatment) {
        return new AnswerWindow(0, 1, answers(1_000, control), answers(1_000, treatment));
    }

    private static ArmAnswers answers(int count, int millis) {
        ArmAnswers answers = new ArmAnswers();
        IntStream.range(0, count).forEach(at -> answers.add(List.of("a"), false, millis * MILLI, 10, AGE));
        return answers;
    }

    private static ArmAnswers items(int distinct) {
        ArmAnswers answers = new ArmAnswers();
        IntStream.range(0, distinct).forEach(at -> answers.add(List.of("i" + at), false, MILLI, 100, AGE));
        return answers;
    }

    @Test
    void boundsAreReadByName() {
        assertThat(Guard.bounds(List.of("p99=200", "vector-age=1e3x", "empty=.01")))
                .isEqualTo(Map.of(
                        Guard.EMPTY, new Guard.Bound(0.01, false),
                        Guard.P99, new Guard.Bound(200, false),
                        Guard.VECTOR_AGE, new Guard.Bound(1_000, true)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"p98=1", "=1", "p99", "p99=fast", "empty=1.1", "cold=-0.1", "p99=NaN", "p99=x", "p99=-1x"})
    void boundsThatAreNoneAreRefused(String text) {
        assertThatThrownBy(() -> Crowd.plan(0.1, 10.0).guardedBy(Guard.bounds(List.of(text))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching("guard = .*: must .*");
        assertThatThrownBy(() -> Guard.bounds(List.of("p99=1", "p99=2"))).hasMessageContaining("once");
    }
}
