package dev.millrace.workshop;

import dev.millrace.cli.Commands;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.bench.BenchReport;
import dev.millrace.operation.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What benchmarks print for programs. That people get the same figures is shown by the tests of the benchmarks. */
class BenchCommandTest {

    private final Commands commands = new Commands();

    @Test
    void digestIsOneObjectWithoutRows(@TempDir Path directory) throws IOException {
        JsonNode found = json(
                "bench", "digest", "--rows", "500", "--changed", "100", "--directory", "" + directory.resolve("db"));

        assertThat(found.path("rows").asInt()).isEqualTo(500);
        assertThat(found.path("changedRows").asInt()).isEqualTo(100);
        for (String spread : List.of("putMicrosARow", "digestMicrosARow")) {
            assertThat(found.path(spread).path("least").asDouble()).as(spread).isPositive();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "index --items 500,600 --dim 8 --k 5 --queries 10 --rounds 1 | searches | 14 | p50Millis",
                "scale --items 50,60 --beside 40 --steps 3 --seconds 1 | sizes | 2 | stepMillis",
            })
    void eachRowOfATableIsAnObjectWithTypedFigures(String arguments, String table, int rows, String figure)
            throws IOException {
        JsonNode found = json(("bench " + arguments).split(" "));

        assertThat(found.path(table)).hasSize(rows);
        assertThat(StreamSupport.stream(found.path(table).spliterator(), false))
                .extracting(row -> row.path(figure))
                .allMatch(value -> value.isNumber() || value.path("median").isNumber());
    }

    @Test
    void progressIsShownAtATerminalAndGivesWayToALine(@TempDir Path directory) {
        String[] arguments = {
            "bench", "digest", "--rows", "500", "--changed", "100", "--directory", "" + directory.resolve("db")
        };

        assertThat(commands.shown(arguments)).contains("500/500", "filling the table", "11/11", "\r\u001b[K");
        assertThat(commands.out()).startsWith("500 rows of 64 floats, 100 of them changed a commit");
    }

    @Test
    void whatAStoppedBenchmarkFoundIsTold() throws Exception {
        BenchReport report = new BenchReport(line -> {}, Progress.NONE);

        BenchCommand.orStopped(told -> {
                    throw new InterruptedException("stopped");
                })
                .run(report);

        assertThat(report.found()).containsEntry("isStopped", true);
    }

    private JsonNode json(String... arguments) throws IOException {
        List<String> asked = new ArrayList<>(List.of(arguments));
        asked.addAll(List.of("--output", "json"));
        assertThat(commands.run(asked.toArray(String[]::new)))
                .as(commands.err())
                .isZero();
        assertThat(commands.out().lines()).hasSize(1);
        assertThat(commands.err()).isEmpty();
        return new ObjectMapper().readTree(commands.out());
    }
}
