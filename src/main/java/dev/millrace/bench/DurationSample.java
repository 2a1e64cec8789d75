package dev.millrace.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A sample of durations. Each is kept, so that quantiles are exact. Safe for threads. */
final class DurationSample {

    private final List<Double> millis = new ArrayList<>();

    synchronized void add(double took) {
        millis.add(took);
    }

    synchronized int count() {
        return millis.size();
    }

    synchronized void clear() {
        millis.clear();
    }

    /**
     * The smallest duration that at least this share does not exceed, milliseconds; NaN if there are none.
     *
     * @param share in (0, 1]; 1 for the longest
     */
    synchronized double quantile(double share) {
        if (millis.isEmpty()) {
            return Double.NaN;
        }
        List<Double> sorted = new ArrayList<>(millis);
        Collections.sort(sorted);
        return sorted.get((int) Math.ceil(share * sorted.size()) - 1);
    }
}
