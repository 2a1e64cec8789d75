package dev.millrace.publish;

import dev.millrace.event.Features;
import java.util.Optional;

/**
 * An item's vector as subscribers receive it. An absent vector is a tombstone; an empty item is a mark.
 *
 * @param item id of the item; empty for a mark
 * @param vector [dim] unit length; absent if the item left the catalogue; must not be changed
 * @param generation lineage of weights: vectors of different generations must never be compared
 * @param step learning step whose weights made the vector; it identifies the record in the mini-batch log
 * @param eventTime latest event time of the steps so far, refused ones included, epoch milliseconds; 0 before any
 *     example
 * @param producedAt wall clock when the oldest click of the item that this vector is the first to include was sent,
 *     epoch milliseconds; 0 if there is none
 * @param popularity popularity of the item as of that event time
 * @param itemTime event time from which the item's features hold, epoch milliseconds; 0 if it is not known
 * @param attributes item features that are published with the vector
 */
public record ItemEmbedding(
        String item,
        Optional<float[]> vector,
        String generation,
        long step,
        long eventTime,
        long producedAt,
        PublishedPopularity popularity,
        long itemTime,
        Features attributes) {

    /** The mark of a generation whose items have all been published, as of a step. */
    public static ItemEmbedding mark(String generation, long step) {
        return new ItemEmbedding("", Optional.of(new float[0]), generation, step, 0, 0);
    }

    /** Returns true if it is a mark: all items of the generation came before it, in its partition. */
    public boolean isMark() {
        return item.isEmpty();
    }

    /** Creates an embedding of an item without attributes, whose time is not known. */
    public ItemEmbedding(
            String item,
            Optional<float[]> vector,
            String generation,
            long step,
            long eventTime,
            long producedAt,
            PublishedPopularity popularity) {
        this(item, vector, generation, step, eventTime, producedAt, popularity, 0, Features.NONE);
    }

    /** Creates an embedding without popularity. */
    public ItemEmbedding(
            String item, Optional<float[]> vector, String generation, long step, long eventTime, long producedAt) {
        this(item, vector, generation, step, eventTime, producedAt, PublishedPopularity.NONE);
    }
}
