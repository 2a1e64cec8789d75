package dev.millrace.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A report that remembers what one run told: the lines, how far it was, and what programs get at the end. */
final class ToldReport {

    private final List<String> lines = new ArrayList<>();
    private final List<String> reached = new ArrayList<>();
    private final BenchReport report =
            new BenchReport(lines::add, (part, done, of) -> reached.add(part + " " + done + " of " + of));

    BenchReport report() {
        return report;
    }

    Stream<String> lines() {
        return lines.stream();
    }

    String text() {
        return String.join("\n", lines);
    }

    List<String> reached() {
        return reached;
    }

    JsonNode found() {
        return new ObjectMapper().valueToTree(report.found());
    }

    static Stream<JsonNode> rows(JsonNode table) {
        return StreamSupport.stream(table.spliterator(), false);
    }
}
