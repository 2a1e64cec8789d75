package dev.millrace.cli.evaluate;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.exam.RankingTotals;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Files of figures: Markdown where the name ends so, else JSON. */
public final class EvaluationReport {

    private EvaluationReport() {}

    /** Writes the same figures to each file. */
    public static void write(List<Path> files, String markdown, ObjectNode json) throws IOException {
        for (Path file : files) {
            if (file.toString().endsWith(".md")) {
                Files.writeString(file, markdown, StandardCharsets.UTF_8);
            } else {
                new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(file.toFile(), json);
            }
        }
    }

    public static void put(ObjectNode json, RankingTotals totals) {
        json.put("at10", totals.recallAt(10))
                .put("at20", totals.recallAt(20))
                .put("at50", totals.recallAt(50))
                .put("at100", totals.recallAt(100))
                .put("ndcg10", totals.ndcg10());
    }
}
