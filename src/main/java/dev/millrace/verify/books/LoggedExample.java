package dev.millrace.verify.books;

/**
 * A training example as the audit keeps it.
 *
 * @param number of the example in its topic, from 0
 * @param click user and id of the click that made it; user, item and id of the exposure, if it was not clicked
 * @param user whose
 * @param pair user and item
 * @param item what was shown
 * @param time event time of the click, epoch milliseconds
 * @param moment of the user's features: when the exposure was that it answers, epoch milliseconds
 * @param isPositive whether a click made it
 */
record LoggedExample(
        int number,
        IdHash click,
        IdHash user,
        IdHash pair,
        IdHash item,
        String action,
        double weight,
        long time,
        long moment,
        long offset,
        boolean isPositive) {

    /** Whether it can be the example of that click. */
    boolean isOf(LoggedClick acted) {
        return pair.equals(acted.pair())
                && action.equals(acted.action())
                && time == acted.time()
                && Double.compare(weight, acted.weight()) == 0;
    }
}
