package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.evaluate.Figures;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SampleTest {

    @Test
    void quantilesAreValuesOfTheSample() {
        Sample waits = new Sample();
        List.of(40.0, 10.0, 30.0, 20.0).forEach(waits::add);

        assertThat(waits.count()).isEqualTo(4);
        assertThat(waits.quantile(0.5)).isEqualTo(20); // two of four are not longer
        assertThat(waits.quantile(0.51)).isEqualTo(30);
        assertThat(waits.spread()).isEqualTo(new Figures.Spread(20, 10, 40));
        waits.clear();
        assertThat(waits.quantile(0.5)).isNaN();
    }

    @Test
    void quantilesOfAHistogramLieWithinTheirBucketAsIfItWereEvenlyFilled() {
        // 10 up to 0.1 s, 10 more up to 0.3 s, none up to 1 s, 1 beyond
        Map<Double, Long> counts = Map.of(0.1, 10L, 0.3, 20L, 1.0, 20L, Double.POSITIVE_INFINITY, 21L);

        // the 10.5th is the first half of the way through 10 within 200 ms: 100 + 200 * 0.5 / 10
        assertThat(FreshnessBench.quantileMillis(new TreeMap<>(counts), 0.5)).isCloseTo(110, within(1e-9));
        // 0.2 of 21 is the 4.2th of 10 within 100 ms
        assertThat(FreshnessBench.quantileMillis(new TreeMap<>(counts), 0.2)).isCloseTo(42, within(1e-9));
        // beyond the last edge nothing is known but the edge
        assertThat(FreshnessBench.quantileMillis(new TreeMap<>(counts), 1)).isCloseTo(1_000, within(1e-9));
        assertThat(FreshnessBench.quantileMillis(new TreeMap<>(), 0.5)).isNaN();
    }
}
