package dev.millrace.publish;

import dev.millrace.event.Features;
import java.util.Optional;

/**
 * An item's vector as subscribers get it; an absent vector is a tombstone, an empty item a mark.
 *
 * @param item which; empty where the record marks that all items of the generation came before it
 * @param vector [dim] unit length; absent when the item left the catalogue. Not to be changed
 * @param generation lineage of weights: vectors of different generations must never be compared
 * @param step the learning step whose weights made it, naming its record in the mini-batch log
 * @param eventTime latest event time the model had come to, in refused steps too, epoch milliseconds; 0 before any example
 * @param producedAt when the oldest click of this item that this vector is the first to show was sent, epoch milliseconds
 *     wall clock; 0 if there is none
 * @param popularity of the item as of that event time
 * @param attributes features of the item that are published with it
 */
public record ItemEmbedding(
        String item,
        Optional<float[]> vector,
        String generation,
        long step,
        long eventTime,
        long producedAt,
        PublishedPopularity popularity,
        Features attributes) {

    /** Whether it is no item's, but marks that all items of the generation came before it, in its partition. */
    public boolean isMark() {
        return item.isEmpty();
    }

    /** An embedding without attributes. */
    public ItemEmbedding(
            String item,
            Optional<float[]> vector,
            String generation,
            long step,
            long eventTime,
            long producedAt,
            PublishedPopularity popularity) {
        this(item, vector, generation, step, eventTime, producedAt, popularity, Features.NONE);
    }

    /** An embedding that says nothing of popularity. */
    public ItemEmbedding(
            String item, Optional<float[]> vector, String generation, long step, long eventTime, long producedAt) {
        this(item, vector, generation, step, eventTime, producedAt, PublishedPopularity.NONE);
    }
}
