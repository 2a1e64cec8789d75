package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.millrace.operation.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BenchReportTest {

    private final List<String> lines = new ArrayList<>();
    private final BenchReport report = new BenchReport(lines::add, Progress.NONE);

    @Test
    void aLineIsToldAtOnce() {
        report.print("%,d rows, %.1f ms", 1_000, 2.25);

        assertThat(lines).containsExactly("1,000 rows, 2.3 ms");
    }

    @Test
    void whatIsFoundHasTheFactsThenTheRowsOfEachTableInTheirOrder() {
        report.add("rounds", new Figures().with("round", 1).with("seconds", 0.5));
        report.add("medians", new Figures().with("kind", "bare"));
        report.add("rounds", new Figures().with("round", 2).with("seconds", 0.25));
        report.add(new Figures().with("events", 400).with("isOnDisk", false));

        assertThat(report.found())
                .containsExactly(
                        entry("events", 400L),
                        entry("isOnDisk", false),
                        entry(
                                "rounds",
                                List.of(Map.of("round", 1L, "seconds", 0.5), Map.of("round", 2L, "seconds", 0.25))),
                        entry("medians", List.of(Map.of("kind", "bare"))));
        assertThat(lines).isEmpty();
    }

    @Test
    void whatWasNotMeasuredIsLeftOut() {
        Figures figures = new Figures()
                .with("p99Millis", Double.NaN)
                .with("ratio", 1 / 0.0)
                .with("updatesPerSecond", Spread.of(new double[] {2, Double.NaN}))
                .with("count", 0);

        assertThat(figures.values()).containsExactly(entry("count", 0L));
    }

    @Test
    void aSpreadIsItsMedianAndItsRange() {
        Spread spread = Spread.of(new double[] {3, 1, 2.5});

        assertThat(spread.text("%.1f")).isEqualTo("2.5 [1.0–3.0]");
        assertThat(new Figures().with("micros", spread).values())
                .containsExactly(entry("micros", Map.of("median", 2.5, "least", 1.0, "most", 3.0)));
    }

    @Test
    void aStoppedRunSaysSoToBoth() {
        report.add("rounds", new Figures().with("round", 1));

        report.stopped();

        assertThat(lines).containsExactly("stopped before its end");
        assertThat(report.found())
                .containsExactly(entry("isStopped", true), entry("rounds", List.of(Map.of("round", 1L))));
    }
}
