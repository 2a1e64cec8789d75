package dev.millrace.publish;

/**
 * How popular an item is of late, as subscribers get it.
 *
 * @param number natural log of the item's share of the recent clicks over that of an item without any, as of the embedding's event
 *     time; at least 0. See {@link dev.millrace.batch.FastPopularity}
 * @param halfLife event time after which a click weighs half, milliseconds; 0 if nothing is said of popularity
 * @param isDimension whether the number is also the vector's last component, behind its unit vector, on the topic
 */
public record PublishedPopularity(double number, long halfLife, boolean isDimension) {

    public static final PublishedPopularity NONE = new PublishedPopularity(0, 0, false);
}
