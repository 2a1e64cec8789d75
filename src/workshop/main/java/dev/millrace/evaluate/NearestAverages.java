package dev.millrace.evaluate;

import java.util.Collection;
import java.util.List;

/**
 * Recall@N and precision@N, averaged over users. One thread.
 *
 * <p>For a user, recall is hits / relevant items, and precision is hits / N. A hit is a relevant item among the first N found items.
 */
public final class NearestAverages {

    private final List<Integer> cutoffs;
    private final double[] recall;
    private final double[] precision;
    private int users;

    /** @param cutoffs the N, each at least 1 */
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

    /** Number of users added. */
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
