package dev.millrace.bench;

import dev.millrace.evaluate.Figures;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Numbers that were measured. Each is kept, so that quantiles are exact. Safe for threads. */
final class Sample {

    private final List<Double> values = new ArrayList<>();

    /** @param value left out if it is NaN */
    synchronized void add(double value) {
        if (!Double.isNaN(value)) {
            values.add(value);
        }
    }

    synchronized int count() {
        return values.size();
    }

    synchronized void clear() {
        values.clear();
    }

    synchronized double sum() {
        return values.stream().mapToDouble(Double::doubleValue).sum();
    }

    /**
     * Returns the smallest value that at least this share does not exceed; NaN if there are no values.
     *
     * @param share in [0, 1]; 0 for the smallest value, 1 for the largest
     */
    synchronized double quantile(double share) {
        if (values.isEmpty()) {
            return Double.NaN;
        }
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get(Math.max(0, (int) Math.ceil(share * sorted.size()) - 1));
    }

    /** Returns the share of the values up to a bound; NaN if there are no values. */
    synchronized double share(double most) {
        return values.stream()
                .mapToDouble(value -> value <= most ? 1 : 0)
                .average()
                .orElse(Double.NaN);
    }

    double median() {
        return quantile(0.5);
    }

    Figures.Spread spread() {
        return new Figures.Spread(median(), quantile(0), quantile(1));
    }

    /** Bytes of the heap that are used after a collection. */
    static long usedHeap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
