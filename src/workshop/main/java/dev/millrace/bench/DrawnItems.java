package dev.millrace.bench;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.index.Arrangement;
import dev.millrace.index.ItemFilter;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import dev.millrace.state.CounterRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Items to search among, drawn: their vectors, their popularity, and attributes to filter and arrange by.
 *
 * <p>Vectors lie around centres, one for a hundred items, like the items of a category. Popularity is the log of a count, and counts follow
 * Zipf's law: the r-th most popular of n items has n / r clicks, so their logs are exponential. One attribute is a whole number below
 * {@value #NUMBERS}, each as frequent; the other a maker, one of whom has all items but one in a hundred. One thread at a time.
 */
final class DrawnItems {

    private static final int NUMBERS = 1_000;
    private static final String NUMBER = "number";
    private static final String MAKER = "maker";
    private static final int SMALL_MAKERS = 10; // one item each of a thousand
    private static final int ITEMS_A_CENTRE = 100;
    private static final double SPREAD = 0.7;
    private static final double AWAY = 0.1;
    private static final double MOVE = 0.1;
    private static final long HALF_LIFE = 86_400_000;

    private final Random random;
    private final int dim;
    private final float[] vectors;

    /** @param dim width of the vectors */
    DrawnItems(int items, int dim, long seed) {
        this.random = new Random(seed);
        this.dim = dim;
        this.vectors = vectors(random, items, dim);
    }

    int size() {
        return vectors.length / dim;
    }

    /** An item as it is published now. */
    ItemEmbedding embedding(int item) {
        return new ItemEmbedding(
                Integer.toString(item),
                Optional.of(Arrays.copyOfRange(vectors, item * dim, (item + 1) * dim)),
                "bench",
                1,
                1,
                0,
                new PublishedPopularity(-Math.log(1 - CounterRandom.unit(1, item, 0)), HALF_LIFE, false),
                0,
                attributes(CounterRandom.below(NUMBERS, 2, item, 0)));
    }

    private static Features attributes(int number) {
        String maker = number < NUMBERS - SMALL_MAKERS ? "large" : "small" + number;
        return Features.of(Map.of(NUMBER, new FeatureValue.Quantity(number), MAKER, new FeatureValue.Category(maker)));
    }

    /** Moves an item's vector by {@link #MOVE}, at most, in any direction. Returns the item as it is published then. */
    ItemEmbedding moved() {
        int item = random.nextInt(size());
        double[] direction = random.doubles(dim, -1, 1).toArray();
        double length = Math.sqrt(Arrays.stream(direction).map(x -> x * x).sum());
        for (int d = 0; d < dim; d++) {
            vectors[item * dim + d] += (float) (MOVE * direction[d] / length);
        }
        normalise(vectors, item * dim, dim);
        return embedding(item);
    }

    /** A query: an item's vector with noise. Its cosine with the vector is about .8. */
    float[] query() {
        int item = random.nextInt(size());
        float[] query = Arrays.copyOfRange(vectors, item * dim, (item + 1) * dim);
        for (int d = 0; d < dim; d++) {
            query[d] += (float) (AWAY * random.nextGaussian());
        }
        normalise(query, 0, dim);
        return query;
    }

    /**
     * A filter that a share of the items passes.
     *
     * @param share in 1 / {@value #NUMBERS}
     */
    static ItemFilter passing(int share) {
        return new ItemFilter(List.of(new ItemFilter.Between(NUMBER, 0, share - 1.0)));
    }

    /** Boosts of four makers, the one of nearly all items among them. */
    static Arrangement boosts(double weight) {
        return new Arrangement(
                Stream.of("large", "small990", "small991", "small992")
                        .map(maker -> new Arrangement.Boost(MAKER, maker, weight))
                        .toList(),
                Map.of(),
                OptionalDouble.empty(),
                Map.of());
    }

    /** A quota of makers, of which one has 99 % of the items. */
    static Arrangement ofAMaker(int most) {
        return quota(MAKER, most);
    }

    /** A quota of the numbers, each of which as many items have. */
    static Arrangement ofANumber(int most) {
        return quota(NUMBER, most);
    }

    private static Arrangement quota(String attribute, int most) {
        return new Arrangement(List.of(), Map.of(attribute, most), OptionalDouble.empty(), Map.of());
    }

    /** Unit vectors around centres, [items, dim]. */
    static float[] vectors(Random random, int items, int dim) {
        int centres = Math.max(1, items / ITEMS_A_CENTRE);
        float[] centre = new float[centres * dim];
        for (int at = 0; at < centre.length; at++) {
            centre[at] = (float) random.nextGaussian();
        }
        float[] vectors = new float[items * dim];
        for (int item = 0; item < items; item++) {
            int from = random.nextInt(centres) * dim;
            for (int d = 0; d < dim; d++) {
                vectors[item * dim + d] = (float) (centre[from + d] + SPREAD * random.nextGaussian());
            }
            normalise(vectors, item * dim, dim);
        }
        return vectors;
    }

    private static void normalise(float[] vectors, int from, int dim) {
        double square = 0;
        for (int d = 0; d < dim; d++) {
            square += (double) vectors[from + d] * vectors[from + d];
        }
        for (int d = 0; d < dim; d++) {
            vectors[from + d] /= (float) Math.sqrt(square);
        }
    }
}
