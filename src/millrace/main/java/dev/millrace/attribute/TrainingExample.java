package dev.millrace.attribute;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;

/**
 * A labelled example: an item, and the user's features as of its exposure.
 *
 * @param id id of the click, or of the exposure if there was no click
 * @param user the user's features as of the exposure
 * @param context context features of the exposure
 * @param item id of the item
 * @param action action of the user, also one that hides the item; empty if there was none
 * @param weight what the example counts, above 0; usually 1. The loss takes it as it is. Below 1 it is also the probability with which the
 *     example counts as a positive wherever positives are counted
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
