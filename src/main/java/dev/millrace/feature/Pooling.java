package dev.millrace.feature;

/**
 * How the rows of a history become one.
 *
 * @param kind what decides a row's share
 * @param decay share of a row, of that of the next later one, where recency decides; in (0, 1]
 */
public record Pooling(Kind kind, double decay) {

    /** Every row alike. */
    public static final Pooling MEAN = new Pooling(Kind.MEAN, 1);

    /** What decides a row's share. */
    public enum Kind {
        /** Nothing: all are alike. */
        MEAN,
        /** Its place, the latest first. */
        RECENCY,
        /** How near it is to the latest one. */
        ATTENTION
    }
}
