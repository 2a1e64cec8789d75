package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NearestAveragesTest {

    @Test
    void recallIsOverWhatIsRelevantAndPrecisionOverN() {
        NearestAverages averages = new NearestAverages(List.of(2, 4));

        averages.add(List.of("a", "b", "c", "d"), Set.of("b", "d", "x"));
        averages.add(List.of("a"), Set.of("a"));

        // at 2: 1 of 3 and 1 of 1 are found; 1 of 2 and 1 of 2 are right. At 4: 2 of 3 and 1 of 1; 2 of 4 and 1 of 4
        assertThat(averages.users()).isEqualTo(2);
        assertThat(averages.recall(0)).isCloseTo((1 / 3.0 + 1) / 2, within(1e-12));
        assertThat(averages.precision(0)).isCloseTo((0.5 + 0.5) / 2, within(1e-12));
        assertThat(averages.recall(1)).isCloseTo((2 / 3.0 + 1) / 2, within(1e-12));
        assertThat(averages.precision(1)).isCloseTo((0.5 + 0.25) / 2, within(1e-12));
    }

    @Test
    void nobodyIsNoDivisionByZero() {
        assertThat(new NearestAverages(List.of(5)).recall(0)).isZero();
        assertThat(new NearestAverages(List.of(5)).precision(0)).isZero();
    }
}
