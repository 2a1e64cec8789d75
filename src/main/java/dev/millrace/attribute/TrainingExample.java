package dev.millrace.attribute;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;

/**
 * A labelled example: an item, and what was known of the user when it was shown.
 *
 * @param id the id of the click that made it; of the exposure, for one that was not clicked
 * @param user the user's features as of the exposure
 * @param context the exposure's own features
 * @param item what was shown
 * @param action what the user did; empty for one that was not clicked
 * @param weight how much it counts, positive; 1 is usual
 * @param time event time of the label, epoch milliseconds
 * @param producedAt when the click was sent, epoch milliseconds wall clock; 0 if unknown
 * @param isPositive whether the user acted; else the exposure's window ended without
 */
public record TrainingExample(
        String id,
        UserFeatures user,
        Features context,
        String item,
        String action,
        double weight,
        long time,
        long producedAt,
        boolean isPositive) {

    /** An example of an action. */
    public TrainingExample(
            String id,
            UserFeatures user,
            Features context,
            String item,
            String action,
            double weight,
            long time,
            long producedAt) {
        this(id, user, context, item, action, weight, time, producedAt, true);
    }

    /** An example of an exposure that was not acted on. */
    static TrainingExample unclicked(String id, UserFeatures user, Features context, String item, long time) {
        return new TrainingExample(id, user, context, item, "", 1, time, 0, false);
    }
}
