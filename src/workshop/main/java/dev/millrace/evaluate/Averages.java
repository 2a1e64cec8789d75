package dev.millrace.evaluate;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Means of the figures of ranked events or users, with their standard errors. One thread. */
public final class Averages {

    /** The place of an item that cannot be found. */
    static final double NOT_FOUND = Double.POSITIVE_INFINITY;

    private static final List<Integer> CUTOFFS = List.of(10, 20);
    private static final double LOG_2 = StrictMath.log(2);

    private final Map<String, double[]> sums = new LinkedHashMap<>(); // of the values, and of their squares
    private long count;

    /**
     * Adds an event: recall, reciprocal rank and discounted gain of its item if that is within the first k, else 0.
     *
     * @param place from 1; a tie counts half a place
     */
    void addPlace(double place) {
        count++;
        CUTOFFS.forEach(k -> add("R@" + k, place <= k ? 1 : 0));
        CUTOFFS.forEach(k -> add("MRR@" + k, place <= k ? 1 / place : 0));
        CUTOFFS.forEach(k -> add("NDCG@" + k, place <= k ? LOG_2 / StrictMath.log(place + 1) : 0));
    }

    /**
     * Adds a user. A hit is a relevant item among the first N. Recall is hits / relevant items, precision is hits / N.
     *
     * @param found best first, each once
     * @param relevant at least one
     * @param cutoffs the N, each at least 1
     */
    void addFound(List<String> found, Collection<String> relevant, List<Integer> cutoffs) {
        count++;
        cutoffs.forEach(n -> add("recall@" + n, hits(found, relevant, n) / relevant.size()));
        cutoffs.forEach(n -> add("precision@" + n, hits(found, relevant, n) / n));
    }

    private static double hits(List<String> found, Collection<String> relevant, int first) {
        return (double) found.stream().limit(first).filter(relevant::contains).count();
    }

    private void add(String figure, double value) {
        double[] sum = sums.computeIfAbsent(figure, first -> new double[2]);
        sum[0] += value;
        sum[1] += value * value;
    }

    /** Number of events or users. */
    public long count() {
        return count;
    }

    /** Returns the mean of a figure; 0 if nothing was added. */
    double mean(String figure) {
        return count == 0 ? 0 : sums.getOrDefault(figure, new double[2])[0] / count;
    }

    /** Returns the standard error of the mean as if the events were independent, {@code √((Σx²/n − mean²) / n)}; 0 if nothing was added. */
    double standardError(String figure) {
        double mean = mean(figure);
        double square = sums.getOrDefault(figure, new double[2])[1];
        return count == 0 ? 0 : Math.sqrt(Math.max(0, square / count - mean * mean) / count);
    }

    /** All means. */
    public Figures means() {
        Figures means = new Figures();
        sums.keySet().forEach(figure -> means.with(figure, mean(figure)));
        return means;
    }

    /** The means over those windows in which something was ranked, of which each weighs the same, with their standard errors {@code √Σ s² / windows}. */
    public static Figures over(List<Averages> all) {
        List<Averages> windows = all.stream().filter(window -> window.count > 0).toList();
        Figures means = new Figures();
        windows.stream()
                .flatMap(window -> window.sums.keySet().stream())
                .distinct()
                .forEach(figure -> {
                    double sum = 0;
                    double squares = 0;
                    for (Averages window : windows) {
                        sum += window.mean(figure);
                        squares += Math.pow(window.standardError(figure), 2);
                    }
                    means.with(figure, new Figures.Mean(sum / windows.size(), Math.sqrt(squares) / windows.size()));
                });
        return means;
    }
}
