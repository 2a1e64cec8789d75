package dev.millrace.exam;

import dev.millrace.popularity.GivenWeights;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The weights of a query for the parts of the score.
 *
 * @param given weights beside cos / τ
 * @param channels weight of each channel's cosine; a channel that is left out has the weight of the settings
 */
public record QueryWeights(GivenWeights given, SortedMap<String, Double> channels) {

    public QueryWeights {
        channels = Collections.unmodifiableSortedMap(new TreeMap<>(channels));
    }

    /** Returns weights with the channels as in the settings. */
    public static QueryWeights of(GivenWeights given) {
        return new QueryWeights(given, new TreeMap<>());
    }
}
