package dev.millrace.offpolicy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class ClickRatesTest {

    /** Users 0 and 2 are one half, users 1 and 3 the other. */
    private static final List<Shown> LOG = List.of(
            row(0, 0, 1, true),
            row(2, 0, 1, false),
            row(2, 1, 1, false),
            row(0, 1, 1, false),
            row(1, 0, 1, false),
            row(3, 1, 1, true),
            row(1, 1, 2, true));

    @Test
    void aRowIsJudgedByTheOtherHalfOfTheUsers() {
        List<Shown> judged = ClickRates.against((item, place) -> item == 0 ? 0.25 : 0.75, LOG, 2);

        // users 1 and 3 at place 1: a click of two rows, so 1 / m = 2. Item 0: (0 + 1) / (1 + 2), item 1: (1 + 1) / (1
        // + 2)
        assertThat(judged.get(0).expected()).isCloseTo(1 / 3.0, within(1e-15));
        assertThat(judged.get(3).expected()).isCloseTo(2 / 3.0, within(1e-15));
        assertThat(judged.get(0).expectedOfCandidate()).isCloseTo(0.25 / 3 + 0.75 * 2 / 3, within(1e-15));
        // users 0 and 2: a click of four rows, 1 / m = 4. Item 0: (1 + 1) / (2 + 4), item 1: (0 + 1) / (2 + 4)
        assertThat(judged.get(4).expected()).isCloseTo(2 / 6.0, within(1e-15));
        assertThat(judged.get(5).expected()).isCloseTo(1 / 6.0, within(1e-15));
        assertThat(judged).extracting(Shown::candidate).containsExactly(0.25, 0.25, 0.75, 0.75, 0.25, 0.75, 0.75);
        assertThat(judged).extracting(Shown::isClicked).containsExactly(true, false, false, false, false, true, true);
    }

    @Test
    void nothingIsExpectedWhereTheOtherHalfSawNothing() {
        Shown judged = ClickRates.against((item, place) -> 0.5, LOG, 2).get(6);

        assertThat(judged.expected()).isZero();
        assertThat(judged.expectedOfCandidate()).isZero();
    }

    private static Shown row(int user, int item, int place, boolean isClicked) {
        return new Shown(user, item, place, isClicked, 0.5, 0, 0, 0);
    }
}
