package dev.millrace.event;

import java.util.Optional;

/**
 * A user acted on an item: clicked, liked, bought … The set of actions is open.
 *
 * @param id unique to this event; a repeat within the deduplication window is a duplicate
 * @param user who acted
 * @param item on what
 * @param exposure the exposure it answers, where the producer knows it; else the latest open one of the same user and item
 * @param action what was done, {@code click} for a plain click
 * @param weight how much the example counts, positive and finite; 1 is usual
 * @param time when, epoch milliseconds, event time
 * @param producedAt when the producer sent the event, epoch milliseconds wall clock; 0 if unknown
 * @param context features of the moment, used where no exposure is attributed
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
        Require.id(RejectReason.BAD_ACTION, action);
        Require.that(weight > 0 && weight <= 1e6, RejectReason.BAD_WEIGHT, weight, "must be above 0 and at most 1e6");
        Require.time(time);
    }
}
