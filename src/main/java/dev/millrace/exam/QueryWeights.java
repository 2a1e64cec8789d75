package dev.millrace.exam;

import dev.millrace.batch.PriorWeights;
import dev.millrace.model.Mixture;
import java.util.Collections;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The weights of a query for the parts of the score.
 *
 * @param popularity β of the score cos / τ + β log p, in which age is nothing; absent for all the learned weights
 * @param channels weight of each channel's cosine; a channel that is left out has the weight of the settings
 */
public record QueryWeights(OptionalDouble popularity, SortedMap<String, Double> channels) {

    public QueryWeights {
        channels = Collections.unmodifiableSortedMap(new TreeMap<>(channels));
    }

    /** Returns weights with the channels as in the settings. */
    public static QueryWeights ofPopularity(double popularity) {
        return asSet(OptionalDouble.of(popularity));
    }

    /** Returns the weights of popularity and age beside cos / τ. */
    PriorWeights prior(Mixture learned) {
        return popularity.isPresent() ? PriorWeights.ofPopularity(popularity.getAsDouble()) : learned.relative();
    }

    /** Returns weights with the channels as in the settings. */
    static QueryWeights asSet(OptionalDouble popularity) {
        return new QueryWeights(popularity, new TreeMap<>());
    }
}
