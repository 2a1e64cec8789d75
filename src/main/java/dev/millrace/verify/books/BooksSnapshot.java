package dev.millrace.verify.books;

import dev.millrace.state.InputTopic;
import dev.millrace.topic.TopicLog;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.PlainValues;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The latest books of every part of the trainer, from {@code training-progress}, with the positions up to which they count.
 *
 * @param parts by name
 * @param faults partitions that two parts claim
 */
record BooksSnapshot(Map<String, Part> parts, List<String> faults) {

    /** @param step of the learner; absent for other parts */
    record Part(Map<String, BookTotals> books, Map<String, Long> positions, Optional<Long> step) {}

    static BooksSnapshot read(TopicLog log, PlainValues values, String topic) {
        Map<String, Part> parts = new TreeMap<>();
        for (int partition = 0; partition < log.partitions(topic); partition++) {
            log.read(topic, partition, log.end(topic, partition), record -> {
                Optional<PlainRecord> progress = record.value().flatMap(values::decode);
                progress.ifPresent(part -> parts.put(part.text("part", ""), part(part)));
            });
        }
        Map<String, String> claims = new HashMap<>();
        List<String> faults = new ArrayList<>();
        parts.forEach((name, part) -> part.positions().keySet().forEach(partition -> {
            String other = claims.put(partition, name);
            if (other != null) {
                faults.add("both " + other + " and " + name + " count " + partition
                        + ": one of them is of an application that no longer runs; write a tombstone for its record");
            }
        }));
        return new BooksSnapshot(parts, faults);
    }

    private static Part part(PlainRecord record) {
        Map<String, BookTotals> books = new HashMap<>();
        record.map("books")
                .forEach((topic, account) -> books.put(String.valueOf(topic), BookTotals.of((PlainRecord) account)));
        Map<String, Long> positions = new HashMap<>();
        record.map("positions")
                .forEach(
                        (partition, offset) -> positions.put(String.valueOf(partition), ((Number) offset).longValue()));
        return new Part(books, positions, record.record("training").map(training -> training.integer("step", 0)));
    }

    /** The totals of a topic over all parts. */
    BookTotals totals(InputTopic topic) {
        return parts.values().stream()
                .flatMap(part -> Optional.ofNullable(part.books().get(topic.label())).stream())
                .reduce(BookTotals.none(), BookTotals::plus);
    }

    /** The step of the learner that counts training examples; absent if none has written books. */
    Optional<Long> learnerStep() {
        return parts.values().stream()
                .filter(part -> part.books().containsKey(InputTopic.EXAMPLES.label()))
                .flatMap(part -> part.step().stream())
                .findFirst();
    }

    /** The offset up to which a partition is counted; 0 if no part has read it. */
    long position(String topic, int partition) {
        String key = topic + "-" + partition;
        return parts.values().stream()
                .mapToLong(part -> part.positions().getOrDefault(key, 0L))
                .max()
                .orElse(0);
    }
}
