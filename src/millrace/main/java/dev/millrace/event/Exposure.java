package dev.millrace.event;

/**
 * The showing of an item to a user.
 *
 * @param id unique to this exposure; a repeat within the deduplication window is a duplicate; clicks may name it
 * @param user id of the user
 * @param item id of the item
 * @param time event time by the producer's clock, epoch milliseconds
 * @param producedAt wall clock when the producer sent the event, epoch milliseconds; 0 if unknown. Freshness is
 *     measured from it
 * @param context context features: position, surface, device …
 */
public record Exposure(String id, String user, String item, long time, long producedAt, Features context) {
    public Exposure {
        Require.id(RejectReason.BAD_ID, id);
        Require.id(RejectReason.BAD_USER, user);
        Require.id(RejectReason.BAD_ITEM, item);
        Require.time(time);
    }
}
