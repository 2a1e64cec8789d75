package dev.millrace.workshop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.cli.Commands;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("slow")
class BenchCommandTest {

    private final Commands commands = new Commands();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "index --items 500,600 --dim 8 --k 5 --queries 10 --rounds 1 | searches | 24 | p50Millis",
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
    void progressIsShownAtATerminalAndGivesWayToALine() {
        assertThat(commands.shown("bench", "scale", "--items", "50", "--beside", "40", "--steps", "1"))
                .contains("sizes", "1/1", "\r\u001b[K");
        assertThat(commands.out()).contains("stepMillis");
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
