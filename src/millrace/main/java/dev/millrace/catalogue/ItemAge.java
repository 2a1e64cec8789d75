package dev.millrace.catalogue;

/** How old an item is to a score, in event time: {@code log(1 + hours since its features hold)}. */
public final class ItemAge {

    /** Up to this number an item is new: some six hours. */
    public static final double NEW = 2;

    private static final double MILLIS_AN_HOUR = 3_600_000;

    private ItemAge() {}

    /**
     * Returns the number, at least 0.
     *
     * @param since event time from which the item's features hold, epoch milliseconds
     * @param time epoch milliseconds; an earlier one counts as {@code since}
     */
    public static double number(long since, long time) {
        return StrictMath.log1p(Math.max(0, time - since) / MILLIS_AN_HOUR);
    }
}
