package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.operation.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReportTest {

    private final List<String> lines = new ArrayList<>();
    private final Report report = new Report(lines::add, Progress.NONE);

    @Test
    void jsonHasFactsAndThenTheTablesRows() {
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

        report.add("rounds", new Figures().with("round", 3));

        assertThat(lines)
                .extracting(line -> String.join(" ", line.strip().split(" +")))
                .containsExactly("", "| round | bytes |", "|---:|---:|", "| 1 | 12,345 |", "| 2 | 1.50 |", "| 3 | – |");
    }

    @Test
    void whatWasNotMeasuredIsLeftOut() {
        Figures figures = new Figures()
                .with("p99Millis", Double.NaN)
                .with("ratio", 1 / 0.0)
                .with("updatesPerSecond", new Figures.Spread(Double.NaN, Double.NaN, Double.NaN))
                .with("count", 0);

        assertThat(figures.values()).containsExactly(entry("count", 0));
    }

    @Test
    void aSampleIsItsMedianAndItsRange() {
        Figures figures = new Figures().with("micros", new Figures.Spread(2.5, 1, 3));

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
