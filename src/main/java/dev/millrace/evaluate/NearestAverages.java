package dev.millrace.evaluate;

import java.util.Collection;
import java.util.List;

/**
 * Recall@N and precision@N, averaged over users. One thread.
 *
 * <p>For a user: hits / relevant items, and hits / N, where a hit is a relevant item among the first N that were found.
 */
public final class NearestAverages {

    private final List<Integer> cutoffs;
    private final double[] recall;
    private final double[] precision;
    private int users;

    /** @param cutoffs the N wanted, each at least 1 */
    NearestAverages(List<Integer> cutoffs) {
        this.cutoffs = List.copyOf(cutoffs);
        this.recall = new double[cutoffs.size()];
        this.precision = new double[cutoffs.size()];
    }

    /**
     * Adds a user.
     *
     * @param found best first, each once
     * @param relevant at least one
     */
    void add(List<String> found, Collection<String> relevant) {
        for (int at = 0; at < recall.length; at++) {
            long hits = found.stream()
                    .limit(cutoffs.get(at))
                    .filter(relevant::contains)
                    .count();
            recall[at] += (double) hits / relevant.size();
            precision[at] += (double) hits / cutoffs.get(at);
        }
        users++;
    }

    /** Users added. */
    public int users() {
        return users;
    }

    /** Mean recall at the i-th N; 0 without users. */
    public double recall(int at) {
        return users == 0 ? 0 : recall[at] / users;
    }

    /** Mean precision at the i-th N; 0 without users. */
    public double precision(int at) {
        return users == 0 ? 0 : precision[at] / users;
    }
}
