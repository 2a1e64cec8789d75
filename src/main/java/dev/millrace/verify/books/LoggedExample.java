package dev.millrace.verify.books;

import dev.millrace.wire.PlainRecord;
import java.util.Map;
import java.util.Optional;

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

    /** Returns true if it can be the example of that click. */
    boolean matches(LoggedClick click) {
        return pair.equals(click.pair()) && action.equals(click.action()) && time == click.time() && hasWeightOf(click);
    }

    /** Returns true if it can be a second example of that click: a copy counts as much as the first, not as an example here had to. */
    boolean mayRepeatThatOf(LoggedClick click) {
        return pair.equals(click.pair())
                && action.equals(click.action())
                && time == click.time()
                && weight > 0
                && weight <= click.weight();
    }

    private boolean hasWeightOf(LoggedClick click) {
        return Double.isNaN(share)
                ? weight > 0 && weight <= click.weight()
                : Double.compare(weight, click.weight() * share) == 0;
    }
}
