package dev.millrace.verify.books;

import dev.millrace.state.Outcome;
import dev.millrace.wire.PlainRecord;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The books of one topic, summed over the parts of the trainer.
 *
 * @param outcomes events by the label of their outcome, {@link #WAITING} among them
 */
record BookTotals(long received, SortedMap<String, Long> outcomes) {

    /** Among the outcomes: events whose outcome is still open. */
    static final String WAITING = "waiting";

    static BookTotals none() {
        return new BookTotals(0, new TreeMap<>());
    }

    static BookTotals of(PlainRecord record) {
        SortedMap<String, Long> outcomes = new TreeMap<>();
        record.map("outcomes")
                .forEach((name, count) -> outcomes.put(String.valueOf(name), ((Number) count).longValue()));
        outcomes.put(WAITING, record.integer("waiting", 0));
        return new BookTotals(record.integer("received", 0), outcomes);
    }

    BookTotals plus(BookTotals other) {
        SortedMap<String, Long> sums = new TreeMap<>(outcomes);
        other.outcomes.forEach((name, count) -> sums.merge(name, count, Long::sum));
        return new BookTotals(received + other.received, sums);
    }

    /** The same with some outcomes counted as one of that name. */
    BookTotals merged(String name, Outcome... parts) {
        SortedMap<String, Long> merged = new TreeMap<>();
        outcomes.forEach((outcome, count) -> {
            boolean isOne = false;
            for (Outcome part : parts) {
                isOne |= part.isNamedBy(outcome);
            }
            merged.merge(isOne ? name : outcome, count, Long::sum);
        });
        return new BookTotals(received, merged);
    }

    long outcome(String name) {
        return outcomes.getOrDefault(name, 0L);
    }

    boolean isBalanced() {
        return received == outcomes.values().stream().mapToLong(Long::longValue).sum();
    }
}
