package dev.millrace.alarm;

import java.util.Locale;

/**
 * A possible fault of the model, as last measured.
 *
 * @param value last measured value; NaN before the first
 * @param limit limit that the value is compared with
 * @param since step at which the value was first beyond the limit; 0 if it is not beyond
 */
public record Alarm(Kind kind, double value, double limit, long since) {

    /** What is measured, and when it is a fault. */
    public enum Kind {
        /** Mean cosine of two items of a sample is above the limit: all vectors point one way. */
        EMBEDDING_COLLAPSE(0.99, 1),
        /** Mean length of items' vectors before normalisation, over its first value, is above the limit or below its inverse. */
        NORM_DRIFT(100, 1e9),
        /** Share of logits masked as accidental hits is above the limit. */
        MASKED_LOGITS(0.5, 1),
        /** Share of a batch's examples whose item an earlier example of the batch has is above the limit. */
        REPEATED_ITEMS(0.9, 1),
        /** Median of the probability estimated for a positive is above the limit: the estimator is saturated. */
        SATURATED_PROBABILITY(0.5, 1),
        /** Mean gradient norm of the networks, over its trend, is above the limit. */
        GRADIENT_NORM(10, 1e9),
        /** Recall of the model over that of popularity is below the limit, over a window of scored events. */
        RECALL_BELOW_POPULARITY(1, 10),
        /** Age of the oldest published vector, over its bound and the time between two publications, is above the limit. */
        VECTOR_AGE(1.1, 1e9);

        private final double limit;
        private final double highestLimit;

        Kind(double limit, double highestLimit) {
            this.limit = limit;
            this.highestLimit = highestLimit;
        }

        /** Limit unless the settings have another. */
        double limit() {
            return limit;
        }

        /** Highest limit that the settings may have. */
        double highestLimit() {
            return highestLimit;
        }

        /** Returns the name in settings, metrics and reports. */
        public String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Returns true if the value is beyond the limit. */
    public boolean isActive() {
        return since > 0;
    }
}
