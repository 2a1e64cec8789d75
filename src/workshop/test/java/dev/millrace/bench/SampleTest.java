package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.evaluate.Figures;
import java.util.List;
import org.junit.jupiter.api.Test;

class SampleTest {

    @Test
    void quantilesAreValuesOfTheSample() {
        Sample waits = new Sample();
        List.of(40.0, 10.0, 30.0, 20.0).forEach(waits::add);

        assertThat(waits.count()).isEqualTo(4);
        assertThat(waits.quantile(0.5)).isEqualTo(20); // two of four are not longer
        assertThat(waits.quantile(0.51)).isEqualTo(30);
        assertThat(waits.share(30)).isEqualTo(0.75);
        assertThat(waits.spread()).isEqualTo(new Figures.Spread(20, 10, 40));
        waits.clear();
        assertThat(waits.quantile(0.5)).isNaN();
    }
}
