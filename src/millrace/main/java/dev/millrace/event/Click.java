package dev.millrace.event;

import java.util.Optional;

/**
 * An action of a user on an item: a click, a like, a purchase … The set of actions is open.
 *
 * @param id unique to this event; a repeat within the deduplication window is a duplicate
 * @param user id of the user
 * @param item id of the item
 * @param exposure id of the exposure that the click answers, if the producer knows it; if absent, the latest open
 *     exposure of the same user and item is taken
 * @param action name of the action; {@code click} for a plain click
 * @param weight weight of the example, in (0, 1e6]; usually 1
 * @param time event time, epoch milliseconds
 * @param producedAt wall clock when the producer sent the event, epoch milliseconds; 0 if unknown
 * @param context context features of the click, used if it is attributed to no exposure
 */
public record Click(
        String id,
        String user,
        String item,
        Optional<String> exposure,
        String action,
        double weight,
        long time,
        long producedAt,
        Features context) {
    public Click {
        Require.id(RejectReason.BAD_ID, id);
        Require.id(RejectReason.BAD_USER, user);
        Require.id(RejectReason.BAD_ITEM, item);
        exposure.ifPresent(value -> Require.id(RejectReason.BAD_EXPOSURE, value));
        requireAction(action);
        Require.that(weight > 0 && weight <= 1e6, RejectReason.BAD_WEIGHT, weight, "must be above 0 and at most 1e6");
        Require.time(time);
    }

    /** Returns this click; if it says that it was sent before or after these, it counts as sent at an unknown time. Epoch milliseconds. */
    public Click sentWithin(long earliest, long latest) {
        return producedAt >= earliest && producedAt <= latest
                ? this
                : new Click(id, user, item, exposure, action, weight, time, 0, context);
    }

    /** Returns a name that an action may have. */
    public static String requireAction(String action) {
        Require.id(RejectReason.BAD_ACTION, action);
        return action;
    }
}
