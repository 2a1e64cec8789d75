package dev.millrace.verify.books;

import dev.millrace.wire.PlainRecord;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the books say of one topic, summed over parts.
 *
 * @param outcomes {@code waiting} among them
 */
record Account(long received, SortedMap<String, Long> outcomes) {

    static Account none() {
        return new Account(0, new TreeMap<>());
    }

    static Account of(PlainRecord record) {
        SortedMap<String, Long> outcomes = new TreeMap<>();
        record.map("outcomes")
                .forEach((name, count) -> outcomes.put(String.valueOf(name), ((Number) count).longValue()));
        outcomes.put("waiting", record.integer("waiting", 0));
        return new Account(record.integer("received", 0), outcomes);
    }

    Account plus(Account other) {
        SortedMap<String, Long> sums = new TreeMap<>(outcomes);
        other.outcomes.forEach((name, count) -> sums.merge(name, count, Long::sum));
        return new Account(received + other.received, sums);
    }

    /** The same with all outcomes that begin so counted as one. */
    Account merged(String name, String... prefixes) {
        SortedMap<String, Long> merged = new TreeMap<>();
        outcomes.forEach((outcome, count) -> {
            boolean isOne = false;
            for (String prefix : prefixes) {
                isOne |= outcome.startsWith(prefix);
            }
            merged.merge(isOne ? name : outcome, count, Long::sum);
        });
        return new Account(received, merged);
    }

    long outcome(String name) {
        return outcomes.getOrDefault(name, 0L);
    }

    boolean isBalanced() {
        return received == outcomes.values().stream().mapToLong(Long::longValue).sum();
    }
}
