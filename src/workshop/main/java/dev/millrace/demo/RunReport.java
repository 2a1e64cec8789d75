package dev.millrace.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.state.Books;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SortedMap;

/**
 * The figures of a run.
 *
 * @param books by logical topic
 * @param secondHalf the exam over the second half of the positives
 * @param freshnessP50Millis median time from sending a click until its item's new vector is in the index
 * @param freshnessP99Millis the 99th percentile of the same
 * @param events sent
 * @param seconds from the first event sent to the last one learnt and served
 * @param steps learnt
 * @param items in the index
 */
public record RunReport(
        SortedMap<String, Books.Account> books,
        ExamTotals secondHalf,
        long freshnessP50Millis,
        long freshnessP99Millis,
        long events,
        double seconds,
        long steps,
        int items) {

    public void write(Path file) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode json = mapper.createObjectNode();
        ObjectNode topics = json.putObject("topics");
        books.forEach((topic, account) -> {
            ObjectNode node =
                    topics.putObject(topic).put("received", account.received()).put("waiting", account.waiting());
            ObjectNode outcomes = node.putObject("outcomes");
            account.outcomes().forEach(outcomes::put);
        });
        ObjectNode recall = json.putObject("recall");
        putRecall(recall.putObject("model"), secondHalf.model());
        putRecall(recall.putObject("popularity"), secondHalf.popularity());
        json.putObject("freshness").put("p50Millis", freshnessP50Millis).put("p99Millis", freshnessP99Millis);
        json.put("events", events);
        json.put("seconds", seconds);
        json.put("steps", steps);
        json.put("items", items);
        mapper.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), json);
    }

    private static void putRecall(ObjectNode node, RankingTotals totals) {
        node.put("at10", totals.recallAt(10))
                .put("at100", totals.recallAt(100))
                .put("standardError10", totals.standardErrorAt(10))
                .put("standardError100", totals.standardErrorAt(100));
    }
}
