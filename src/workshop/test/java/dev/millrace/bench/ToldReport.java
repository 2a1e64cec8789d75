package dev.millrace.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.operation.Progress;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A report of one run, as programs get it at the end. */
final class ToldReport {

    private final BenchReport report = new BenchReport(line -> {}, Progress.NONE);

    BenchReport report() {
        return report;
    }

    JsonNode found() {
        return new ObjectMapper().valueToTree(report.found());
    }

    static Stream<JsonNode> rows(JsonNode table) {
        return StreamSupport.stream(table.spliterator(), false);
    }
}
