package dev.millrace.verify.books;

import dev.millrace.state.Books;
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
import java.util.stream.Stream;

/**
 * The latest books of every part of the trainer, from {@code training-progress}, with the positions up to which they count.
 *
 * @param parts the progress of each part, by its name
 */
record BooksSnapshot(Map<String, PlainRecord> parts) {

    static BooksSnapshot read(TopicLog log, PlainValues values, String topic) {
        Map<String, PlainRecord> parts = new TreeMap<>();
        log.readAll(topic, record -> record.value()
                .flatMap(values::decode)
                .ifPresent(part -> parts.put(part.text("part", ""), part)));
        return new BooksSnapshot(parts);
    }

    /** Partitions that two parts claim. */
    List<String> faults() {
        Map<Object, String> claims = new HashMap<>();
        List<String> faults = new ArrayList<>();
        parts.forEach((name, part) -> part.map("positions").keySet().forEach(partition -> {
            String other = claims.put(partition, name);
            if (other != null) {
                faults.add("both " + other + " and " + name + " count " + partition
                        + ": one of them is of an application that no longer runs; write a tombstone for its record");
            }
        }));
        return faults;
    }

    /** The totals of a topic over all parts. */
    Totals totals(InputTopic topic) {
        return parts.values().stream().map(part -> totals(part, topic)).reduce(Totals.NONE, Totals::plus);
    }

    /** What a part has counted of a topic. */
    static Totals totals(PlainRecord part, InputTopic topic) {
        return Optional.ofNullable(part.map("books").get(topic.label()))
                .map(account -> Totals.of((PlainRecord) account))
                .orElse(Totals.NONE);
    }

    /** What a part has counted in the latest experiment. */
    static SortedMap<String, Long> experimentSums(PlainRecord part) {
        SortedMap<String, Long> sums = new TreeMap<>();
        part.map("experiment_sums").forEach((name, sum) -> sums.put(String.valueOf(name), ((Number) sum).longValue()));
        return sums;
    }

    /** The step of the learner that counts training examples; absent if none has written books. */
    Optional<Long> learnerStep() {
        return parts.values().stream()
                .filter(part -> part.map("books").containsKey(InputTopic.EXAMPLES.label()))
                .flatMap(part -> part.record("training").stream())
                .map(training -> training.integer("step", 0))
                .findFirst();
    }

    /** The offset up to which a partition is counted; 0 if no part has read it. */
    long position(String topic, int partition) {
        return parts.values().stream()
                .flatMap(part ->
                        Optional.<Object>ofNullable(part.map("positions").get(topic + "-" + partition)).stream())
                .mapToLong(offset -> ((Number) offset).longValue())
                .max()
                .orElse(0);
    }

    /** The part that has counted a partition; absent if none has. */
    Optional<PlainRecord> counting(String topic, int partition) {
        return parts.values().stream()
                .filter(part -> part.map("positions").containsKey(topic + "-" + partition))
                .findFirst();
    }

    /**
     * The books of one topic, summed over the parts of the trainer.
     *
     * @param outcomes events by the label of their outcome, {@link #WAITING} among them
     */
    record Totals(long received, SortedMap<String, Long> outcomes) {

        /** Among the outcomes: events whose outcome is still open. */
        static final String WAITING = "waiting";

        static final Totals NONE = new Totals(0, new TreeMap<>());

        static Totals of(Books.Account account) {
            SortedMap<String, Long> outcomes = new TreeMap<>(account.outcomes());
            outcomes.put(WAITING, account.waiting());
            return new Totals(account.received(), outcomes);
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
                boolean isOne = Stream.of(parts).anyMatch(part -> part.isNamedBy(outcome));
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
