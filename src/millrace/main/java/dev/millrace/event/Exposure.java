package dev.millrace.event;

import java.util.Optional;

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
 * @param generation of the answer that was shown; absent if the producer does not say
 */
public record Exposure(
        String id,
        String user,
        String item,
        long time,
        long producedAt,
        Features context,
        Optional<String> generation) {
    public Exposure {
        Require.id(RejectReason.BAD_ID, id);
        Require.id(RejectReason.BAD_USER, user);
        Require.id(RejectReason.BAD_ITEM, item);
        generation.ifPresent(name -> Require.id(RejectReason.BAD_GENERATION, name));
        Require.time(time);
    }

    /** Creates an exposure that does not say what was shown. */
    public Exposure(String id, String user, String item, long time, long producedAt, Features context) {
        this(id, user, item, time, producedAt, context, Optional.empty());
    }
}
