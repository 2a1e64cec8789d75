package dev.millrace.index;

import java.util.Arrays;

/**
 * How far the vectors of an index are behind its newest.
 *
 * @param maxSteps of the oldest, learning steps
 * @param p99Steps exceeded by one of a hundred
 * @param meanSteps over all
 * @param oldestPublication when the vector published longest ago was, epoch milliseconds; 0 of an empty index
 */
public record VectorAges(long maxSteps, long p99Steps, double meanSteps, long oldestPublication) {

    /** Of an empty index. */
    public static final VectorAges NONE = new VectorAges(0, 0, 0, 0);

    /** @param steps of all vectors; sorted by this */
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
