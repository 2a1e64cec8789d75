package dev.millrace.exam;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How a query weighs what the score is made of.
 *
 * @param popularity β of the score cos / τ + β log p
 * @param channels weight of each channel's cosine; those of the settings for channels that it leaves out
 */
public record QueryWeights(double popularity, SortedMap<String, Double> channels) {

    public QueryWeights {
        channels = Collections.unmodifiableSortedMap(new TreeMap<>(channels));
    }

    /** The channels' weights as set. */
    public static QueryWeights ofPopularity(double popularity) {
        return new QueryWeights(popularity, new TreeMap<>());
    }
}
