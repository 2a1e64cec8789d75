package dev.millrace.model;

import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.model.engine.Products;
import dev.millrace.model.loss.NegativePairs;
import dev.millrace.model.loss.NegativeRules;
import dev.millrace.state.CounterRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Finds hard negatives: items that the model ranks high for an example, except the example's own (Huang et al. 2020, EBR:
 * ranks 101 to 500; Fan et al. 2019, Mobius). One thread.
 *
 * <p>The vectors come from the weights before the step, and all draws use the batch's seed. So the result is a function of
 * the log.
 */
final class HardNegatives {

    private static final int SAMPLE = 16; // random stream; smaller numbers are the batcher's
    private static final int RANKS = 17;

    private final NegativeRules.HardByModel settings;
    private final Catalogue catalogue;
    private final Products products;
    private final int dim;

    HardNegatives(NegativeRules.HardByModel settings, Catalogue catalogue, Products products, int dim) {
        this.settings = settings;
        this.products = products;
        this.catalogue = catalogue;
        this.dim = dim;
    }

    /** Returns the hard negatives of a batch, by the current weights of the model. */
    NegativePairs find(MiniBatch batch, TwoTower model) {
        int each = settings.quota().at(batch.step());
        if (each == 0 || catalogue.size() == 0) {
            return NegativePairs.NONE;
        }
        int examples = batch.examples().size();
        List<String> pool = pool(batch.seed());
        float[] items = new float[pool.size() * dim];
        model.itemVectors(pool, items);
        float[] vectors = new float[examples * dim];
        model.exampleVectors(batch.examples(), vectors);
        float[] scores = new float[examples * pool.size()];
        products.multiplyTransposedRight(vectors, items, scores, examples, dim, pool.size(), 1f);

        List<String> found = new ArrayList<>();
        int[] owners = new int[examples * each];
        for (int example = 0; example < examples; example++) {
            int own = pool.indexOf(batch.examples().get(example).item());
            int[] ranked = ranked(scores, example * pool.size(), pool.size(), own);
            int from = Math.min(settings.firstRank() - 1, ranked.length);
            int to = Math.min(settings.lastRank(), ranked.length);
            for (int draw = 0; draw < Math.min(each, to - from); draw++) { // the first of a Fisher-Yates shuffle
                long slot = (long) example * each + draw;
                int at = from + draw;
                int other = at + CounterRandom.below(to - at, batch.seed(), RANKS, slot);
                int swapped = ranked[at];
                ranked[at] = ranked[other];
                ranked[other] = swapped;
                owners[found.size()] = example;
                found.add(pool.get(ranked[at]));
            }
        }
        return new NegativePairs(Arrays.copyOf(owners, found.size()), found);
    }

    private List<String> pool(long seed) {
        int size = catalogue.size();
        IntStream numbers = settings.sample() == 0 || settings.sample() >= size
                ? IntStream.range(0, size)
                : IntStream.range(0, settings.sample())
                        .map(slot -> CounterRandom.below(size, seed, SAMPLE, slot))
                        .sorted()
                        .distinct();
        return numbers.mapToObj(catalogue::itemAt).toList();
    }

    /** Returns the places by score, highest first, equal scores by place; {@code leftOut} is not among them. */
    private static int[] ranked(float[] scores, int from, int count, int leftOut) {
        long[] keys = new long[leftOut < 0 ? count : count - 1];
        int at = 0;
        for (int place = 0; place < count; place++) {
            if (place != leftOut) {
                int bits = Float.floatToIntBits(scores[from + place]);
                int ascending = bits ^ ((bits >> 31) & Integer.MAX_VALUE); // as integers, in the order of the floats
                keys[at++] = ((long) ~ascending << 32) | place;
            }
        }
        Arrays.sort(keys);
        int[] places = new int[keys.length];
        for (int rank = 0; rank < places.length; rank++) {
            places[rank] = (int) keys[rank];
        }
        return places;
    }
}
