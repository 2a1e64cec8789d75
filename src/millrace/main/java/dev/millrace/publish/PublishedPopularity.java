package dev.millrace.publish;

/**
 * The recent popularity of an item, as subscribers receive it.
 *
 * @param number natural log of the item's share of the recent clicks over that of an item without any, as of the
 *     embedding's event time; at least 0. See {@link dev.millrace.popularity.FastPopularity}
 * @param halfLife event time after which a click weighs half, milliseconds; 0 if there is no popularity
 * @param isDimension true if the number is also the last component of the vector on the topic, after the unit vector
 */
public record PublishedPopularity(double number, long halfLife, boolean isDimension) {

    public static final PublishedPopularity NONE = new PublishedPopularity(0, 0, false);
}
