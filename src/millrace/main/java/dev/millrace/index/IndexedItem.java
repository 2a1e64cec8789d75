package dev.millrace.index;

import dev.millrace.event.Features;
import java.util.List;

/**
 * What the index holds of one item.
 *
 * @param item which
 * @param vector [dim] a copy
 * @param step the learning step whose weights made the vector
 * @param eventTime latest event time the model had learnt from, epoch milliseconds; 0 before any example
 * @param publishedAt when the vector was published, epoch milliseconds, wall clock of the topic
 * @param popularity the item's numbers as of that event time, by the half-lives of {@link dev.millrace.publish.PublishedPopularity}
 * @param attributes features of the item that were published with the vector
 */
public record IndexedItem(
        String item,
        float[] vector,
        long step,
        long eventTime,
        long publishedAt,
        List<Float> popularity,
        Features attributes) {

    /** Returns the item's number by one of the half-lives; 0 if it has none. */
    public float popularity(int halfLife) {
        return halfLife < popularity.size() ? popularity.get(halfLife) : 0;
    }
}
