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
 * @param weight what it counts
 * @param room what it had to count, by the weight of its click
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
        ExampleLog.Room room,
        long time,
        long featureTime,
        long offset,
        boolean isPositive) {

    /**
     * @param actions one text for all that are equal
     * @param amounts of the examples before it
     */
    static LoggedExample of(
            PlainRecord example, long offset, int number, Map<String, String> actions, ExampleLog.Amounts amounts) {
        PlainRecord user = example.record("user").orElse(example);
        String userId = user.text("user_id", "");
        String item = example.text("item_id", "");
        String id = example.text("example_id", "");
        boolean isPositive = !example.field("clicked").equals(Optional.of(false));
        IdHash userHash = IdHash.of(userId);
        IdHash pair = IdHash.of(userId, item);
        double weight = example.number("weight", 1);
        long time = example.integer("time", 0);
        return new LoggedExample(
                number,
                isPositive ? IdHash.of(userId, id) : IdHash.of(userId, item, id),
                userHash,
                pair,
                IdHash.of(item),
                actions.computeIfAbsent(example.text("action", ""), action -> action),
                weight,
                amounts.next(isPositive, userHash, pair, time, weight),
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
        if (weight <= 0) {
            return weights.length;
        }
        return firstPlace(weights, of -> (room.isKnown() ? room.amount(of) : of) >= weight);
    }

    /** Returns the place behind the last weight with which a click of this trace can have made the example. */
    int placeBehind(double[] weights) {
        return room.isKnown() ? firstPlace(weights, of -> room.amount(of) > weight) : weights.length;
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
