package dev.millrace.index;

/**
 * How old the oldest vectors of an index are.
 *
 * @param maxSteps learning steps that the oldest vector is behind the newest
 * @param oldestPublication time of the oldest publication among the vectors, epoch milliseconds; 0 of an empty index
 */
public record GreatestAges(long maxSteps, long oldestPublication) {

    /** Of an empty index. */
    public static final GreatestAges NONE = new GreatestAges(0, 0);
}
