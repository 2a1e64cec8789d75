package dev.millrace.negative;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.popularity.ItemPopularity;
import dev.millrace.state.CounterRandom;
import java.util.Arrays;

/**
 * Draws items of the catalogue in proportion to a power of their popularity (word2vec's negatives, Mikolov et al.
 * 2013), with the exact probability of each draw.
 *
 * <p>{@code q(y) = (w(y)·s + f) / (s Σ w + N f)}: while an item is not seen, its weight falls only by the factor s,
 * which is common to all items. So the weights w are stored in a tree of sums by catalogue number, at O(log N) per
 * update and per draw. The floor f, the weight of an item never seen, is a uniform draw. For decayed counts, q is
 * {@code (c^α + ε^α) / Σ (c^α + ε^α)}: the smoothing is added after the power, because (c + ε)^α would change by a
 * different factor for each item.
 *
 * <p>The sums are a function of the current weights and numbers alone, so nothing here is stored.
 */
final class PowerDraws {

    private final Catalogue catalogue;
    private final ItemPopularity.Weights weights;
    private final double exponent;
    /** [2 capacity] sums of two children each, the root at 1; leaves by number from capacity on. */
    private double[] sums = new double[0];

    private double epoch;

    /** @param exponent α, in [0, 1] */
    PowerDraws(Catalogue catalogue, ItemPopularity.Weights weights, double exponent) {
        this.catalogue = catalogue;
        this.weights = weights;
        this.exponent = exponent;
    }

    void refresh(int number) {
        int capacity = sums.length / 2;
        if (number >= capacity) {
            sums = new double[0]; // outgrown, or not built yet
            return;
        }
        int at = capacity + number;
        sums[at] = leaf(number);
        for (at >>= 1; at >= 1; at >>= 1) {
            sums[at] = sums[2 * at] + sums[2 * at + 1];
        }
    }

    void observe(int[] positives) {
        Arrays.stream(positives).forEach(this::refresh);
    }

    /** Returns the draws by the weights as they are now; valid until the next observation or change of the catalogue. */
    Draws now() {
        build();
        return new Draws(weights.scale(exponent), weights.floor(exponent));
    }

    /** Draws by weights that do not change. */
    final class Draws {

        private final double scale;
        private final double floor;
        private final double seen;
        private final double unseen;

        private Draws(double scale, double floor) {
            this.scale = scale;
            this.floor = floor;
            this.seen = sums[1] * scale;
            this.unseen = catalogue.size() * floor;
        }

        /** Draws an item's number in the catalogue, with one random number. */
        int draw(long seed, long stream, long slot) {
            double at = CounterRandom.unit(seed, stream, slot) * (seen + unseen);
            if (at >= seen && unseen > 0) {
                return Math.min(catalogue.size() - 1, (int) ((at - seen) / unseen * catalogue.size()));
            }
            double rest = at / seen * sums[1];
            int node = 1;
            while (node < sums.length / 2) {
                double left = sums[2 * node];
                boolean goesLeft = rest < left || sums[2 * node + 1] == 0; // rounding must not lead to an empty subtree
                rest -= goesLeft ? 0 : left;
                node = 2 * node + (goesLeft ? 0 : 1);
            }
            return node - sums.length / 2;
        }

        /** Returns log q. */
        double logProbability(int item) {
            return StrictMath.log((sums[sums.length / 2 + item] * scale + floor) / (seen + unseen));
        }
    }

    private void build() {
        if (sums.length > 0 && epoch == weights.epoch()) {
            return;
        }
        epoch = weights.epoch();
        int capacity = Math.max(2, Integer.highestOneBit(Math.max(1, catalogue.size() - 1)) << 1);
        sums = new double[2 * capacity];
        for (int number = 0; number < catalogue.size(); number++) {
            sums[capacity + number] = leaf(number);
        }
        for (int node = capacity - 1; node >= 1; node--) {
            sums[node] = sums[2 * node] + sums[2 * node + 1];
        }
    }

    private double leaf(int number) {
        return number < catalogue.size() ? weights.weight(number, exponent) : 0;
    }
}
