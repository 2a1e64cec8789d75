package dev.millrace.feature;

/**
 * How the rows of a history are pooled into one.
 *
 * @param kind what a row's weight depends on
 * @param decay weight of a row relative to the next later row, with {@link Kind#RECENCY}, and with {@link Kind#POSITIONS} before
 *     the first step; in (0, 1]
 */
public record Pooling(Kind kind, double decay) {

    /** All rows weigh the same. */
    public static final Pooling MEAN = new Pooling(Kind.MEAN, 1);

    /** What a row's weight depends on. */
    public enum Kind {
        /** Nothing: all rows weigh the same. */
        MEAN,
        /** Its position, counted from the latest row. */
        RECENCY,
        /** Its position, by a weight that is learned for each. */
        POSITIONS,
        /** Its similarity to the latest row. */
        ATTENTION
    }
}
