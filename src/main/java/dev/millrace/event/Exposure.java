package dev.millrace.event;

/**
 * An item was shown to a user.
 *
 * @param id unique to this exposure; a repeat within the deduplication window is a duplicate, and clicks may name it
 * @param user who saw it
 * @param item what was seen
 * @param time when, epoch milliseconds, by the producer's clock (event time)
 * @param producedAt when the producer sent the event, epoch milliseconds wall clock; 0 if unknown. Freshness is measured from it
 * @param context features of the moment: position, surface, device …
 */
public record Exposure(String id, String user, String item, long time, long producedAt, Features context) {
    public Exposure {
        Require.id(RejectReason.BAD_ID, id);
        Require.id(RejectReason.BAD_USER, user);
        Require.id(RejectReason.BAD_ITEM, item);
        Require.time(time);
    }
}
