package dev.millrace.verify.books;

import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.topic.TopicLog;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.PlainValues;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The latest books of every part of the trainer, from {@code training-progress}, with the positions up to which they count.
 *
 * @param parts by name
 * @param faults partitions that two parts claim
 */
record BooksSnapshot(Map<String, Part> parts, List<String> faults) {

    /** @param step of the learner; absent for other parts */
    record Part(Map<String, Totals> books, Map<String, Long> positions, Optional<Long> step) {}

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
        Map<String, Totals> books = new HashMap<>();
        record.map("books")
                .forEach((topic, account) -> books.put(String.valueOf(topic), Totals.of((PlainRecord) account)));
        Map<String, Long> positions = new HashMap<>();
        record.map("positions")
                .forEach(
                        (partition, offset) -> positions.put(String.valueOf(partition), ((Number) offset).longValue()));
        return new Part(books, positions, record.record("training").map(training -> training.integer("step", 0)));
    }

    /** The totals of a topic over all parts. */
    Totals totals(InputTopic topic) {
        return parts.values().stream()
                .flatMap(part -> Optional.ofNullable(part.books().get(topic.label())).stream())
                .reduce(Totals.none(), Totals::plus);
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

    /**
     * The books of one topic, summed over the parts of the trainer.
     *
     * @param outcomes events by the label of their outcome, {@link #WAITING} among them
     */
    record Totals(long received, SortedMap<String, Long> outcomes) {

        /** Among the outcomes: events whose outcome is still open. */
        static final String WAITING = "waiting";

        static Totals none() {
            return new Totals(0, new TreeMap<>());
        }

        static Totals of(PlainRecord record) {
            SortedMap<String, Long> outcomes = new TreeMap<>();
            record.map("outcomes")
                    .forEach((name, count) -> outcomes.put(String.valueOf(name), ((Number) count).longValue()));
            outcomes.put(WAITING, record.integer("waiting", 0));
            return new Totals(record.integer("received", 0), outcomes);
        }

        Totals plus(Totals other) {
            SortedMap<String, Long> sums = new TreeMap<>(outcomes);
            other.outcomes.forEach((name, count) -> sums.merge(name, count, Long::sum));
            return new Totals(received + other.received, sums);
        }

        /** The same with some outcomes counted as one of that name. */
        Totals merged(String name, Outcome... parts) {
            SortedMap<String, Long> merged = new TreeMap<>();
            outcomes.forEach((outcome, count) -> {
                boolean isOne = false;
                for (Outcome part : parts) {
                    isOne |= part.isNamedBy(outcome);
                }
                merged.merge(isOne ? name : outcome, count, Long::sum);
            });
            return new Totals(received, merged);
        }

        long outcome(String name) {
            return outcomes.getOrDefault(name, 0L);
        }

        boolean isBalanced() {
            return received
                    == outcomes.values().stream().mapToLong(Long::longValue).sum();
        }
    }
}
