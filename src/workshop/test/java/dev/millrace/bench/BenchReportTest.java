package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.operation.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BenchReportTest {

    private final List<String> lines = new ArrayList<>();
    private final BenchReport report = new BenchReport(lines::add, Progress.NONE);

    @Test
    void programsGetTheFactsThenTheRowsOfEachTableInTheirOrder() {
        report.add("rounds", new Figures().with("round", 1).with("seconds", 0.5));
        report.add("medians", new Figures().with("kind", "bare"));
        report.add("rounds", new Figures().with("round", 2).with("seconds", 0.25));
        report.add(new Figures().with("events", 400).with("isOnDisk", false));

        assertThat(report.found())
                .containsExactly(
                        entry("events", 400),
                        entry("isOnDisk", false),
                        entry(
                                "rounds",
                                List.of(Map.of("round", 1, "seconds", 0.5), Map.of("round", 2, "seconds", 0.25))),
                        entry("medians", List.of(Map.of("kind", "bare"))));
    }

    @Test
    void peopleReadARowAtOnceBelowTheNamesOfItsFigures() {
        report.add("rounds", new Figures().with("round", 1).with("bytes", 12_345L));
        report.add("rounds", new Figures().with("round", 2).with("bytes", 1.5));

        assertThat(lines)
                .extracting(line -> String.join(" ", line.strip().split(" +")))
                .containsExactly("", "round bytes", "1 12,345", "2 1.50");
    }

    @Test
    void whatWasNotMeasuredIsLeftOut() {
        Sample none = new Sample();
        none.add(Double.NaN);
        Figures figures = new Figures()
                .with("p99Millis", Double.NaN)
                .with("ratio", 1 / 0.0)
                .with("updatesPerSecond", none)
                .with("count", 0);

        assertThat(figures.values()).containsExactly(entry("count", 0));
    }

    @Test
    void aSampleIsItsMedianAndItsRange() {
        Sample sample = new Sample();
        List.of(3.0, 1.0, 2.5).forEach(sample::add);
        Figures figures = new Figures().with("micros", sample);

        assertThat(Figures.text(figures.values())).isEqualTo("micros 2.50 [1.00–3.00]");
        assertThat(new ObjectMapper()
                        .valueToTree(figures.values())
                        .path("micros")
                        .toString())
                .isEqualTo("{\"median\":2.5,\"least\":1.0,\"most\":3.0}");
    }

    @Test
    void aStoppedRunSaysSo() {
        report.stopped();

        assertThat(report.found()).containsExactly(entry("isStopped", true));
    }
}
