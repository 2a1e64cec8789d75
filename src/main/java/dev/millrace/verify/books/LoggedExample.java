package dev.millrace.verify.books;

import dev.millrace.wire.PlainRecord;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoublePredicate;

/**
 * A training example as its topic has it.
 *
 * @param number of the example in its topic, from 0
 * @param origin hash of user and id of its click; of user, item and id of its exposure, if that was not clicked
 * @param user hash of the user
 * @param pair hash of user and item
 * @param item hash of the item
 * @param share with which its click had to count, in (0, 1]; NaN if that cannot be told
 * @param time event time of the click, epoch milliseconds
 * @param featureTime time of the user's features: that of the exposure which was answered, epoch milliseconds
 * @param offset in its partition
 * @param isPositive whether it is of a click
 */
record LoggedExample(
        int number,
        IdHash origin,
        IdHash user,
        IdHash pair,
        IdHash item,
        String action,
        double weight,
        double share,
        long time,
        long featureTime,
        long offset,
        boolean isPositive) {

    /**
     * @param actions one text for all that are equal
     * @param shares of the examples before it
     */
    static LoggedExample of(
            PlainRecord example, long offset, int number, Map<String, String> actions, ExampleLog.Shares shares) {
        PlainRecord user = example.record("user").orElse(example);
        String userId = user.text("user_id", "");
        String item = example.text("item_id", "");
        String id = example.text("example_id", "");
        boolean isPositive = !example.field("clicked").equals(Optional.of(false));
        IdHash userHash = IdHash.of(userId);
        IdHash itemHash = IdHash.of(item);
        long time = example.integer("time", 0);
        return new LoggedExample(
                number,
                isPositive ? IdHash.of(userId, id) : IdHash.of(userId, item, id),
                userHash,
                IdHash.of(userId, item),
                itemHash,
                actions.computeIfAbsent(example.text("action", ""), action -> action),
                example.number("weight", 1),
                isPositive ? shares.next(userHash, itemHash, time) : Double.NaN,
                time,
                user.integer("time", 0),
                offset,
                isPositive);
    }

    LoggedClick.Trace trace() {
        return new LoggedClick.Trace(pair, action, time);
    }

    /**
     * Returns the place of the first of some weights with which a click of this trace can have made the example. All to before {@link
     * #placeBehind} can have.
     *
     * @param weights ascending
     */
    int firstPlace(double[] weights) {
        if (isShareKnown()) {
            return firstPlace(weights, of -> of * share >= weight);
        }
        return weight > 0 ? firstPlace(weights, of -> of >= weight) : weights.length;
    }

    /** Returns the place behind the last weight with which a click of this trace can have made the example. */
    int placeBehind(double[] weights) {
        return isShareKnown() ? firstPlace(weights, of -> of * share > weight) : weights.length;
    }

    private boolean isShareKnown() {
        return !Double.isNaN(share);
    }

    /** @param isBehind false for the first weights, true for the others */
    private static int firstPlace(double[] weights, DoublePredicate isBehind) {
        int low = 0;
        int high = weights.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (isBehind.test(weights[middle])) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
}
