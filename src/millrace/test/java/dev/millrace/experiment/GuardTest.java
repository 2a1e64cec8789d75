package dev.millrace.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
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

        assertThat(Guard.EMPTY.value(answers)).hasValue(0.02);
        assertThat(Guard.COLD.value(answers)).hasValue(0.05);
        assertThat(Guard.VECTOR_AGE.value(answers)).hasValue(4);
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
        return Guard.P99.value(answers).orElseThrow();
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

        assertThat(Guard.CATALOGUE.value(answers).orElseThrow()).isCloseTo(0.5, within(0.005));
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
                    .isNotEmpty();
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
    void guardsButThatOfAgeSayNothingOfFewAnswers() {
        ArmAnswers few = new ArmAnswers();
        IntStream.range(0, 999).forEach(at -> few.add(List.of(), true, 9_000 * MILLI, 10, AGE));

        for (Guard guard : Guard.values()) {
            OptionalDouble said = guard.value(few);
            assertThat(said.isPresent()).as(guard.label()).isEqualTo(guard == Guard.VECTOR_AGE);
        }
        assertThat(Guard.VECTOR_AGE.value(new ArmAnswers())).isEmpty();
    }

    @Test
    void catalogueIsBrokenBelowItsBoundAndTheOthersAbove() {
        for (Guard guard : Guard.values()) {
            assertThat(guard.isBroken(0.4, 0.5)).isEqualTo(guard == Guard.CATALOGUE);
            assertThat(guard.isBroken(0.6, 0.5)).isEqualTo(guard != Guard.CATALOGUE);
            assertThat(guard.isBroken(0.5, 0.5)).isFalse();
        }
    }

    @Test
    void boundsAreReadByName() {
        assertThat(Guard.bounds(List.of("p99=200", "vector-age=1e3", "empty=.01")))
                .isEqualTo(Map.of(Guard.EMPTY, 0.01, Guard.P99, 200.0, Guard.VECTOR_AGE, 1_000.0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"p98=1", "=1", "p99", "p99=fast", "empty=1.1", "cold=-0.1", "p99=NaN"})
    void boundsThatAreNoneAreRefused(String text) {
        assertThatThrownBy(() -> Crowd.plan(0.1, 10.0).guardedBy(Guard.bounds(List.of(text))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching("guard = .*: must .*");
        assertThatThrownBy(() -> Guard.bounds(List.of("p99=1", "p99=2"))).hasMessageContaining("once");
    }
}
