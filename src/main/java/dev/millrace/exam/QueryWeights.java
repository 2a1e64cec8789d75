package dev.millrace.exam;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The weights of a query for the parts of the score.
 *
 * @param popularity β of the score cos / τ + β log p
 * @param channels weight of each channel's cosine; a channel that is left out has the weight of the settings
 */
public record QueryWeights(double popularity, SortedMap<String, Double> channels) {

    public QueryWeights {
        channels = Collections.unmodifiableSortedMap(new TreeMap<>(channels));
    }

    /** Returns weights with the channels as in the settings. */
    public static QueryWeights ofPopularity(double popularity) {
        return new QueryWeights(popularity, new TreeMap<>());
    }
}
