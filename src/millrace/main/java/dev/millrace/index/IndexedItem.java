package dev.millrace.index;

import dev.millrace.event.Features;

/**
 * What the index holds of one item.
 *
 * @param item which
 * @param vector [dim] a copy
 * @param step the learning step whose weights made the vector
 * @param eventTime latest event time the model had learnt from, epoch milliseconds; 0 before any example
 * @param publishedAt when the vector was published, epoch milliseconds, wall clock of the topic
 * @param popularity the item's number as of that event time, as {@link dev.millrace.publish.PublishedPopularity} says
 * @param attributes features of the item that were published with the vector
 */
public record IndexedItem(
        String item,
        float[] vector,
        long step,
        long eventTime,
        long publishedAt,
        double popularity,
        Features attributes) {}
