package dev.millrace.batch;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import java.time.Duration;
import java.util.List;

/**
 * How much an item is clicked of late: a count of its positives that decays in event time. It follows every click at once,
 * without a gradient step, and is a function of the log.
 *
 * <pre>
 * c(y, t) = Σ over positives of y  2^(−(t − t_i) / half-life)
 * p(y, t) = (c(y, t) + ε) / (C(t) + ε N)
 * log p(y, t) = number(y, t) + log(ε / (C(t) + ε N))          number(y, t) = log(1 + c(y, t) / ε)
 * </pre>
 *
 * <p>The last term of the last line is the same for all items, so the number ranks as log p does. It is 0 for an item without
 * clicks and stays so, whatever others get. Decay changes {@code c} of all items by one factor, so that whoever has a number, its
 * time and the half-life knows all later numbers: {@link #later}.
 */
public final class FastPopularity implements Durable {

    /** Largest weight β of the term in a ranking. */
    public static final double MAX_WEIGHT = 10;

    private static final double MILLIS_AN_HOUR = 3_600_000;

    /**
     * How fast, and what an item without clicks counts as.
     *
     * @param halfLife event time after which a click weighs half
     * @param prior ε, clicks that every item has beside its own
     */
    public record Settings(Duration halfLife, double prior) {

        public static Settings read(SettingsReader reader) {
            return new Settings(
                    reader.duration(
                            "popularity.fast.half-life",
                            Duration.ofHours(6),
                            Duration.ofMinutes(1),
                            Duration.ofDays(36_500),
                            "event time after which a click weighs half in the popularity term"),
                    reader.number(
                            "popularity.fast.prior",
                            0.1,
                            1e-6,
                            1e6,
                            "clicks added to every item's own in the popularity term"));
        }
    }

    private final Settings settings;
    private final DecayedCounts counts;

    /** @param prefix first byte of this state's keys */
    public FastPopularity(Settings settings, char prefix) {
        this.settings = settings;
        this.counts = new DecayedCounts(prefix, settings.halfLife().toMillis() / MILLIS_AN_HOUR);
    }

    public Settings settings() {
        return settings;
    }

    /** Takes a batch's positives; read what is to be as of before the batch before. */
    public void observe(MiniBatch batch) {
        for (TrainingExample example : batch.examples()) {
            counts.add(example.item(), example.time() / MILLIS_AN_HOUR, 1);
        }
    }

    /**
     * {@code log(1 + c / ε)}, at least 0.
     *
     * @param time epoch milliseconds; one before the item's last click counts as that click's
     */
    public double number(String item, long time) {
        return StrictMath.log1p(counts.count(item, time / MILLIS_AN_HOUR) / settings.prior());
    }

    /**
     * Items whose number fell below a multiple of a step between two times, or below several, in the order of their ids. Whoever
     * takes their numbers each time has numbers of all items that are less than the step out of date.
     *
     * @param from epoch milliseconds
     * @param to epoch milliseconds, later
     */
    public List<String> cooled(long from, long to, double step) {
        return counts.items().stream()
                .filter(item -> Math.floor(number(item, from) / step) != Math.floor(number(item, to) / step))
                .toList();
    }

    /** Natural log of p, the share of the positives that is to be expected of the item. */
    public double logProbability(String item, long time, int catalogueSize) {
        double total = counts.total(time / MILLIS_AN_HOUR) / settings.prior() + Math.max(1, catalogueSize);
        return number(item, time) - StrictMath.log(total);
    }

    /**
     * What becomes of a number when no click comes.
     *
     * @param halfLives time that goes by
     */
    public static double later(double number, double halfLives) {
        return StrictMath.log1p(StrictMath.expm1(number) * StrictMath.pow(0.5, halfLives));
    }

    public void remove(String item) {
        counts.remove(item);
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        counts.restore(key, value);
    }

    @Override
    public void drainDirty(EntrySink sink) {
        counts.drainDirty(sink);
    }
}
