package dev.millrace.cli.option;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RowTest {

    @Test
    void aTableAlignsItsColumnsAndShowsWhatIsMissing() {
        List<Row> rows = List.of(
                Row.of("topic", "clicks").with("count", 7).with("messages", List.of("bad time", "no user")),
                Row.of("topic", "items").with("count", 1200).with("share", 0.5));

        assertThat(Row.table(rows).lines())
                .containsExactly(
                        "topic   count   share",
                        "clicks      7       -",
                        "    bad time",
                        "    no user",
                        "items    1200  0.5000");
    }

    @Test
    void aRowAloneHasALineForEachValueAndATableAtItsEnd() {
        Row row = Row.of("step", 12)
                .with("outcomes", List.of(Row.of("outcome", "late")))
                .with("batch", Row.of("offset", 3))
                .with("faults", List.of("one", "two"))
                .with("left", Map.of("clicks", 4));

        assertThat(row.lines().lines())
                .containsExactly(
                        "step          12",
                        "batch.offset  3",
                        "faults        one",
                        "faults        two",
                        "left.clicks   4",
                        "outcome",
                        "late");
    }

    @Test
    void programsGetTheSameValuesWithoutThoseThatAreAbsent() throws Exception {
        Row row = Row.of("at", Instant.EPOCH)
                .with("owner", Optional.empty())
                .with("before", Optional.of("a"))
                .with("batch", Row.of("offset", 3));

        assertThat(new ObjectMapper().writeValueAsString(row))
                .isEqualTo("{\"at\":\"1970-01-01T00:00:00Z\",\"before\":\"a\",\"batch\":{\"offset\":3}}");
    }
}
