package dev.millrace.attribute;

import dev.millrace.event.Click;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import dev.millrace.state.KeyIndex;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * What a click weighs before its user's budget: its own weight, times that of its action, times what its number is worth. One thread.
 *
 * <p>With m the median and q the 90th percentile of what recent users said last, a number x is worth
 *
 * <pre>
 * log(1 + min(x, q) / m) / log 2          1 for the median, 0 for 0 and below
 * </pre>
 *
 * <p>Recent are the last {@value Voices#USERS} users whose click had a number above 0. Each has one voice, however many clicks there are and whatever their
 * numbers. A click is heard when it comes, and weighed when its example is made. So a weight is a function of the clicks in their order.
 *
 * <p>A click that hides an item has no worth by its number: a short view does not make it mean less.
 */
final class ClickWeights {

    private static final int MEDIAN = 50;
    private static final int MOST = 90;

    private final AttributionSettings settings;
    private final Voices numbers = new Voices();
    private long turns;

    ClickWeights(AttributionSettings settings) {
        this.settings = settings;
    }

    /** Takes the number of a click, if it has one. */
    void hear(Click click) {
        number(click).filter(number -> number > 0).ifPresent(number -> {
            numbers.say(KeyIndex.fingerprint(click.user()), ++turns, Double.doubleToRawLongBits(number), 0);
            if (numbers.count() > Voices.USERS) {
                numbers.forget(numbers.oldest());
            }
        });
    }

    /** Returns the weight of a click, at least 0; it may be infinite, if more than half of the users said next to nothing. */
    double of(Click click) {
        return click.weight()
                * settings.weights().of(click.action())
                * number(click).map(this::worth).orElse(1.0);
    }

    private double worth(double number) {
        if (number <= 0 || numbers.count() == 0) { // a click may have waited since before the setting
            return number > 0 ? 1 : 0;
        }
        return StrictMath.log1p(Math.min(number, percentile(MOST)) / percentile(MEDIAN)) / StrictMath.log(2);
    }

    /** Returns the least number that is not below so many percent of the voices. Numbers above 0 have the order of their bits. */
    private double percentile(int percent) {
        int rank = (percent * numbers.count() + 99) / 100;
        return Double.longBitsToDouble(numbers.value(rank - 1));
    }

    private Optional<Double> number(Click click) {
        return settings.weights()
                .number()
                .filter(name -> settings.actions().contains(click.action()))
                .flatMap(click.context()::value)
                .flatMap(value -> value.match(
                        category -> Optional.empty(),
                        quantity -> Optional.of(quantity.value()),
                        bag -> Optional.empty(),
                        dense -> Optional.empty()));
    }

    void forget(String user) {
        numbers.forget(user);
    }

    /** Writes or reads all but the voices; nothing before the first. */
    void fields(Form form) {
        turns = form.goesOn(turns > 0) ? form.longInteger(turns) : turns;
    }

    void drainVoices(IntFunction<byte[]> key, EntrySink sink) {
        numbers.drain(key, sink);
    }

    void restoreVoice(int slot, byte[] value) {
        numbers.restore(slot, value);
    }
}
