package dev.millrace.train;

import java.util.List;

/**
 * The figures of a {@link TrainingProgress} that have a name: those of the last learnt batch and of the last
 * publication.
 *
 * <p>The labels are stored and published. Logs are natural.
 */
public enum Figure {
    /** τ of the softmax, fixed or learned. */
    TEMPERATURE("temperature"),
    /** Learned weight β of recent popularity in the score cos / τ + β log p. */
    POPULARITY_WEIGHT("popularity-weight"),
    /** Half-life of popularity that leads, seconds of event time. */
    POPULARITY_HALF_LIFE("popularity-half-life-seconds"),
    /** Learned weight γ of an item's age in the same score: of g = log(1 + hours). */
    AGE_WEIGHT("age-weight"),
    /** Learned weight δ of min(g, 2). */
    NEWNESS_WEIGHT("newness-weight"),
    /** Learned weight ν of how near an item is to the user's latest clicks. */
    NEIGHBOURS_WEIGHT("neighbours-weight"),
    /** Examples of earlier batches that the batch learnt again, if there are any. */
    REHEARSED("rehearsed"),
    /** Log of the 5 % quantile of the sampling probability over the batch's columns. */
    LOG_Q_LOW("log-q.low"),
    /** Log of the median. */
    LOG_Q_MEDIAN("log-q.median"),
    /** Log of the 95 % quantile. */
    LOG_Q_HIGH("log-q.high"),
    /** Weight of an action's loss, if weights are learned; the label ends with the action. */
    OBJECTIVE_WEIGHT("objective-weight"),
    /** Age of the oldest published vector, learning steps. */
    VECTOR_AGE_MAX("vector-age.max-steps"),
    /** The age that one of a hundred published vectors exceeds, learning steps. */
    VECTOR_AGE_P99("vector-age.p99-steps"),
    /** Mean age of the published vectors, learning steps. */
    VECTOR_AGE_MEAN("vector-age.mean-steps"),
    /** Age of the oldest published vector, event time in seconds. */
    VECTOR_AGE_SECONDS("vector-age.max-seconds"),
    /** Bound in force on the age of the oldest vector, learning steps; 0: none. */
    VECTOR_AGE_BOUND("vector-age.bound-steps"),
    /** Number of vectors published so far, repeats included. */
    PUBLISHED_VECTORS("published-vectors"),
    /** Items, and changes of items, that wait for their time. */
    ANNOUNCED("announced"),
    /** Share of items whose time is more than a week ahead, of those that are there or wait; of a learner that makes the log. */
    FAR_ITEMS("announced.far-share"),
    /** Event time up to which announced items have come, seconds since the epoch; 0 before any example. */
    CLOCK("clock-seconds"),
    /** Bytes of embedding rows on the learner's heap, roughly. */
    ROW_CACHE_BYTES("row-cache.bytes"),
    /** Rows that steps had to read from the state directory since this learner started. */
    ROWS_MISSED("row-cache.missed"),
    /** Rows that steps learnt from since this learner started. */
    ROWS_LEARNT("row-cache.learnt");

    /** What is learned of the score beside the towers. */
    public static final List<Figure> OF_THE_MIXTURE =
            List.of(POPULARITY_WEIGHT, POPULARITY_HALF_LIFE, AGE_WEIGHT, NEWNESS_WEIGHT, NEIGHBOURS_WEIGHT);

    private final String label;

    Figure(String label) {
        this.label = label;
    }

    /** Returns the name of the figure. */
    public String label() {
        return label;
    }

    /** Returns the name of the figure for one action. */
    public String label(String of) {
        return label + "." + of;
    }
}
