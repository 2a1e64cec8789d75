package dev.millrace.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SeriesTest {

    @Test
    void theOldestSampleLeavesForTheNewest() {
        Series series = new Series(2);
        series.add(new Series.Sample(10, Map.of("loss", 3.0)));
        series.add(new Series.Sample(20, Map.of("loss", 2.0)));

        series.add(new Series.Sample(30, Map.of("loss", 1.0)));

        assertThat(series.columns()).isEqualTo(Map.of("at", List.of(20L, 30L), "loss", List.of(2.0, 1.0)));
    }

    @Test
    void columnsAreOfOneLengthThoughAFigureCameLate() {
        Series series = new Series(9);
        series.add(new Series.Sample(10, Map.of()));

        series.add(new Series.Sample(20, Map.of("loss", 2.0)));

        assertThat(series.columns()).isEqualTo(Map.of("at", List.of(10L, 20L), "loss", List.of(Double.NaN, 2.0)));
    }

    @Test
    void withoutSamplesThereIsNoFigure() {
        assertThat(new Series(9).columns()).isEqualTo(Map.of("at", List.of()));
    }
}
