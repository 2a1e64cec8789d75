package dev.millrace.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.state.Books;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {

    @Test
    void theFileHasEveryFigureUnderItsDocumentedName(@TempDir Path directory) throws IOException {
        Books.Account clicks = new Books.Account(10, 1, new TreeMap<>(Map.of("attributed", 8L, "duplicate", 1L)));
        // one of two is found within 10: √(.5 · .5 / 2)
        // model: ranks 1 and 60, so half within 10 and both within 100; popularity: rank 60 twice
        RankingTotals model = RankingTotals.NONE.plus(1).plus(60);
        RankingTotals popularity = RankingTotals.NONE.plus(60).plus(60);
        RunReport report = new RunReport(
                new TreeMap<>(Map.of("clicks", clicks)), new ExamTotals(model, popularity, 0), 250, 900, 40, 1.5, 3, 7);
        Path file = directory.resolve("report.json");

        report.write(file);

        ObjectMapper json = new ObjectMapper();
        assertThat(json.readTree(file.toFile()))
                .isEqualTo(
                        json.readTree(
                                """
                                {"topics": {"clicks": {"received": 10, "waiting": 1, "outcomes": {"attributed": 8, "duplicate": 1}}},
                                 "recall": {"model": {"at10": 0.5, "at100": 1.0, "standardError10": 0.3535533905932738, "standardError100": 0.0},
                                            "popularity": {"at10": 0.0, "at100": 1.0, "standardError10": 0.0, "standardError100": 0.0}},
                                 "freshness": {"p50Millis": 250, "p99Millis": 900},
                                 "events": 40, "seconds": 1.5, "steps": 3, "items": 7}
                                """));
    }
}
