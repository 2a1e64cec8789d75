package dev.millrace.popularity;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.ItemColumn;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import dev.millrace.state.PrefixedKey;
import dev.millrace.state.StoredFields;
import java.util.Arrays;
import java.util.Optional;

/**
 * Estimates the probability that a draw from the stream of positives is a given item. Items are those of the catalogue, by their
 * numbers.
 *
 * <p>What is kept of an item goes with the item. Where it shares its cells with others nothing is to do: what it left there fades.
 */
public sealed interface ItemPopularity extends Durable
        permits ItemPopularity.Decayed, ItemPopularity.Intervals, HashedIntervals, CountMin {

    /** Text of the key of an estimator's clock; no id contains a NUL. */
    String CLOCK = "\0";

    /** The weights to draw items by, for each item. */
    interface Weights {

        /** Returns w(y). It changes only when the item is observed or removed, or when the epoch changes. */
        double weight(int item, double exponent);

        /** Returns s, common to all items. */
        default double scale(double exponent) {
            return 1;
        }

        /** Returns f, which is added to the scaled weight of each item. */
        default double floor(double exponent) {
            return 0;
        }

        /** Returns a number that changes when all weights change. */
        default double epoch() {
            return 0;
        }
    }

    /**
     * Returns the natural log of the probability that one draw is this item.
     *
     * @param catalogueSize number of items in the catalogue, for the prior of items never seen
     */
    double logProbability(int item, int catalogueSize);

    /** Learns from one batch. The batch's own probabilities must be read before this call. */
    void observe(int[] positives);

    /** Returns the weights to draw items by; absent if the estimator keeps none for each item. */
    default Optional<Weights> weights() {
        return Optional.empty();
    }

    /**
     * A decayed count, the default: {@code p(y) = (c(y) + ε) / (C + ε N)}. Time is counted in positives, so that the
     * decay does not depend on the batch size.
     */
    final class Decayed implements ItemPopularity, Weights {

        /** Added to each count, so that an item never seen has a probability above 0. */
        static final double EPSILON = 0.1;

        /** Half-lives after which weights are given relative to a later time, long before they overflow a double. */
        private static final double EPOCH_HALF_LIVES = 200;

        private final DecayedCounts counts;
        private final byte[] clockKey;
        private final double halfLife;
        private final double epsilon;
        private double positives; // a whole number
        private double total; // of all counts, those of items that left among them, as of positives
        private final StoredFields clock = new StoredFields(form -> {
            positives = form.number(positives);
            total = form.number(total);
        });

        /** @param halfLife positives after which a count has halved */
        public Decayed(char prefix, double halfLife, Catalogue catalogue) {
            this(prefix, halfLife, EPSILON, catalogue);
        }

        private Decayed(char prefix, double halfLife, double epsilon, Catalogue catalogue) {
            this.counts = new DecayedCounts(prefix, halfLife, catalogue);
            this.clockKey = PrefixedKey.of((byte) prefix, CLOCK);
            this.halfLife = halfLife;
            this.epsilon = epsilon;
        }

        /** Returns a running count, which forgets nothing: {@code p(y) = (c(y) + 1) / (C + N)}. */
        static Decayed running(char prefix, Catalogue catalogue) {
            return new Decayed(prefix, Double.POSITIVE_INFINITY, 1, catalogue);
        }

        @Override
        public double logProbability(int item, int catalogueSize) {
            double sum = total + epsilon * Math.max(1, catalogueSize);
            return StrictMath.log((counts.count(item, positives) + epsilon) / sum);
        }

        @Override
        public void observe(int[] items) {
            positives += items.length;
            total *= StrictMath.pow(0.5, items.length / halfLife);
            clock.change();
            for (int item : items) {
                counts.add(item, positives, 1);
                total++;
            }
        }

        @Override
        public Optional<Weights> weights() {
            return Optional.of(this);
        }

        @Override
        public double weight(int item, double exponent) {
            double count = counts.stored(item);
            return count == 0 ? 0 : StrictMath.pow(count, exponent) * grown(exponent, counts.asOf(item) - epochStart());
        }

        @Override
        public double scale(double exponent) {
            return 1 / grown(exponent, positives - epochStart());
        }

        @Override
        public double floor(double exponent) {
            return StrictMath.pow(epsilon, exponent);
        }

        @Override
        public double epoch() {
            return StrictMath.floor(positives / (EPOCH_HALF_LIVES * halfLife));
        }

        private double epochStart() {
            return Double.isInfinite(halfLife) ? 0 : epoch() * EPOCH_HALF_LIVES * halfLife;
        }

        /** Returns the factor that undoes the decay over that time. */
        private double grown(double exponent, double time) {
            return StrictMath.pow(2, exponent * time / halfLife);
        }

        @Override
        public void restore(byte[] key, byte[] value) {
            if (Arrays.equals(key, clockKey)) {
                clock.restore(value);
            } else {
                counts.restore(key, value);
            }
        }

        @Override
        public void drainDirty(EntrySink sink) {
            clock.drain(clockKey, sink);
            counts.drainDirty(sink);
        }
    }

    /**
     * The estimated interval between batches that hold the item (Yi et al. 2019, algorithm 2), without hashing. For
     * each distinct item of batch t: {@code B ← (1−α)B + α(t−A)}, {@code A ← t}; the item's probability of being in a
     * batch is 1/B.
     *
     * <p>It is here to compare with the paper: it cannot tell apart items that are in every batch.
     */
    final class Intervals extends ItemColumn<Intervals.Interval> implements ItemPopularity, Weights {

        /** Prior of the interval, in batches, for an item not seen or seen once. */
        static final double PRIOR_INTERVAL = 100;

        record Interval(long lastStep, double estimate) {
            Interval fields(Form form) {
                return new Interval(form.longInteger(lastStep), form.number(estimate));
            }
        }

        private final byte[] clockKey;
        private final double rate;
        private final int batchSize;
        private long step;
        private final StoredFields clock = new StoredFields(form -> step = form.longInteger(step));

        /**
         * @param rate α, in (0, 1]; larger forgets faster
         * @param batchSize draws per batch; turns the probability of being in a batch into that of one draw
         */
        public Intervals(char prefix, double rate, int batchSize, Catalogue catalogue) {
            super(catalogue, (byte) prefix);
            this.clockKey = PrefixedKey.of((byte) prefix, CLOCK);
            this.rate = rate;
            this.batchSize = batchSize;
        }

        @Override
        public double logProbability(int item, int catalogueSize) {
            return -StrictMath.log(batches(item) * batchSize);
        }

        private double batches(int item) {
            Interval interval = row(item);
            return interval == null ? PRIOR_INTERVAL : Math.max(1, interval.estimate);
        }

        @Override
        public Optional<Weights> weights() {
            return Optional.of(this);
        }

        @Override
        public double weight(int item, double exponent) {
            return StrictMath.pow(batches(item), -exponent);
        }

        @Override
        public void observe(int[] positives) {
            step++;
            clock.change();
            Arrays.stream(positives).distinct().forEach(item -> {
                Interval before = row(item);
                double estimate = before == null
                        ? PRIOR_INTERVAL
                        : (1 - rate) * before.estimate + rate * (step - before.lastStep);
                put(item, new Interval(step, estimate));
            });
        }

        @Override
        public void restore(byte[] key, byte[] value) {
            if (Arrays.equals(key, clockKey)) {
                clock.restore(value);
            } else {
                super.restore(key, value);
            }
        }

        @Override
        public void drainDirty(EntrySink sink) {
            clock.drain(clockKey, sink);
            super.drainDirty(sink);
        }

        @Override
        protected Interval read(byte[] value) {
            return Form.read(value, new Interval(0, 0)::fields);
        }

        @Override
        protected byte[] write(Interval interval) {
            return Form.written(interval::fields);
        }
    }
}
