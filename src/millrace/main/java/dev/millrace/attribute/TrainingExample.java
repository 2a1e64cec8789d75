package dev.millrace.attribute;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;

/**
 * A labelled example: an item, and the user's features at one moment, that of the exposure or of a click without one.
 *
 * @param id id of the click, or of the exposure if there was no click
 * @param user the user's features as of that moment
 * @param context context features of the exposure, or of the click without one
 * @param item id of the item
 * @param action action of the user, also one that hides the item; empty if there was none
 * @param weight what the example counts, above 0; usually 1. The loss takes it as it is. Where positives are counted, an example of a
 *     weight below 1 counts with that probability
 * @param time event time of the label, epoch milliseconds
 * @param producedAt wall clock when the click was sent, epoch milliseconds; 0 if unknown
 * @param isPositive true if the user wants the item; false if the exposure's window ended without an action, or the action hides the item
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

    /** Creates the example of an action. */
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

    /** Returns true if its user hid the item; false if the user wants it, or did nothing. */
    public boolean isHiding() {
        return !isPositive && !action.isEmpty();
    }

    /** Creates the example of an exposure without an action. */
    static TrainingExample unclicked(
            String id, UserFeatures user, Features context, String item, double weight, long time) {
        return new TrainingExample(id, user, context, item, "", weight, time, 0, false);
    }
}
