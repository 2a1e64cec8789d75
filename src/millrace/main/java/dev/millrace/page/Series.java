package dev.millrace.page;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The figures of the charts over the last while, one sample a tick; the oldest leaves for the newest. Safe for threads. */
final class Series {

    private final int capacity;
    private final Deque<Sample> samples = new ArrayDeque<>();

    /**
     * The figures of one moment.
     *
     * @param at epoch milliseconds
     * @param figures by name; NaN where one is not known
     */
    record Sample(long at, Map<String, Double> figures) {}

    /** @param capacity samples that are kept, at least 1 */
    Series(int capacity) {
        this.capacity = capacity;
    }

    synchronized void add(Sample sample) {
        if (samples.size() == capacity) {
            samples.removeFirst();
        }
        samples.addLast(sample);
    }

    /** Columns by name, oldest first: {@code at}, and one for each of the figures. */
    synchronized Map<String, List<? extends Number>> columns() {
        Map<String, List<? extends Number>> columns = new LinkedHashMap<>();
        columns.put("at", samples.stream().map(Sample::at).toList());
        if (!samples.isEmpty()) {
            for (String name : samples.getLast().figures().keySet()) {
                columns.put(
                        name,
                        samples.stream()
                                .map(sample -> sample.figures().getOrDefault(name, Double.NaN))
                                .toList());
            }
        }
        return columns;
    }
}
