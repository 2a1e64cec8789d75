package dev.millrace.workshop.evaluate;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.exam.RankingTotals;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Where the figures of an evaluation go: to the terminal, and to the files of {@code --report}. */
public final class EvaluationReport {

    private final OutputOption output;
    private final PrintWriter out;
    private final List<Path> files;

    /**
     * @param output whether the terminal has them as text
     * @param files Markdown if the name ends with {@code .md}, else JSON
     */
    public EvaluationReport(OutputOption output, PrintWriter out, List<Path> files) {
        this.output = output;
        this.out = out;
        this.files = List.copyOf(files);
    }

    /** Shows the figures, and writes the same to each file. */
    void show(String text, String markdown, ObjectNode json) throws IOException {
        output.write(out, json, () -> out.print(text));
        for (Path file : files) {
            if (file.toString().endsWith(".md")) {
                Files.writeString(file, markdown, StandardCharsets.UTF_8);
            } else {
                new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(file.toFile(), json);
            }
        }
    }

    static ObjectNode object() {
        return new ObjectMapper().createObjectNode();
    }

    static void put(ObjectNode json, RankingTotals totals) {
        json.put("at10", totals.recallAt(10))
                .put("at20", totals.recallAt(20))
                .put("at50", totals.recallAt(50))
                .put("at100", totals.recallAt(100))
                .put("standardError10", totals.standardErrorAt(10))
                .put("standardError100", totals.standardErrorAt(100))
                .put("ndcg10", totals.ndcg10());
    }
}
