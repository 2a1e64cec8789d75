package dev.millrace.index;

import java.util.Arrays;

/**
 * How old the vectors of an index are, in learning steps behind its newest.
 *
 * @param maxSteps of the oldest vector
 * @param p99Steps the age that one vector of a hundred exceeds
 * @param meanSteps mean over all vectors
 * @param oldestPublication time of the oldest publication among the vectors, epoch milliseconds; 0 of an empty index
 */
public record VectorAges(long maxSteps, long p99Steps, double meanSteps, long oldestPublication) {

    /** Of an empty index. */
    public static final VectorAges NONE = new VectorAges(0, 0, 0, 0);

    /** @param steps of all vectors; sorted in place */
    static VectorAges of(long[] steps, long newestStep, long oldestPublication) {
        if (steps.length == 0) {
            return NONE;
        }
        Arrays.sort(steps);
        double mean = Arrays.stream(steps).average().orElse(0);
        return new VectorAges(
                newestStep - steps[0], newestStep - steps[steps.length / 100], newestStep - mean, oldestPublication);
    }
}
