package dev.millrace.train;

/**
 * The figures of a {@link TrainingProgress} that are published by name: of the last learnt batch, and of the last publication.
 *
 * <p>The labels are stored and published. Logs are natural.
 */
public enum Figure {
    /** τ of the softmax, fixed or learned. */
    TEMPERATURE("temperature"),
    /** Log of the sampling probability that a twentieth of the batch's columns is below. */
    LOG_Q_LOW("log-q.low"),
    /** The same of half of them. */
    LOG_Q_MEDIAN("log-q.median"),
    /** The same that a twentieth is above. */
    LOG_Q_HIGH("log-q.high"),
    /** What the loss of an action weighs, where that is learned; the label goes on with the action. */
    OBJECTIVE_WEIGHT("objective-weight"),
    /** Age of the oldest published vector, learning steps. */
    VECTOR_AGE_MAX("vector-age.max-steps"),
    /** The age that one of a hundred published vectors exceeds, learning steps. */
    VECTOR_AGE_P99("vector-age.p99-steps"),
    /** Mean age of the published vectors, learning steps. */
    VECTOR_AGE_MEAN("vector-age.mean-steps"),
    /** Age of the oldest published vector, event time in seconds. */
    VECTOR_AGE_SECONDS("vector-age.max-seconds"),
    /** Vectors published so far, each time. */
    PUBLISHED_VECTORS("published-vectors");

    private final String label;

    Figure(String label) {
        this.label = label;
    }

    /** Its name among the figures of the progress. */
    public String label() {
        return label;
    }

    /** The name of the figure of one action. */
    public String label(String action) {
        return label + "." + action;
    }
}
