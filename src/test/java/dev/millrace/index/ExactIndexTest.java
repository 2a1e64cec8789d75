package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.batch.FastPopularity;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ExactIndexTest {

    private static final long PUBLISHED_AT = 1_700_000_000_000L;

    @Test
    void someItemsAreEvenlyChosenAndTheLastToComeIsAmongThem() {
        ExactIndex index = new ExactIndex(1);
        for (int item = 0; item < 10; item++) {
            index.upsert(embedding("i" + item, 1, item), PUBLISHED_AT);
        }

        // the last of each quarter of the rows, which end behind 2.5, 5, 7.5 and 10 of them
        assertThat(index.someItems(4)).extracting(IndexedItem::item).containsExactly("i1", "i4", "i6", "i9");
        assertThat(index.someItems(99)).hasSize(10);
        assertThat(new ExactIndex(1).someItems(4)).isEmpty();
    }

    /*
     * Components are whole numbers from -2 to 2, so every inner product is exact in float whatever the order of the sum, and
     * equal scores are frequent.
     */
    @Property(tries = 60)
    void agreesWithTheSlowTwinThroughAnyChanges(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 19) int dim,
            @ForAll @IntRange(min = 1, max = 700) int items,
            @ForAll @IntRange(min = 1, max = 40) int k) {
        Random random = new Random(seed);
        ExactIndex index = new ExactIndex(dim);
        ExactIndexReference reference = new ExactIndexReference();

        for (int change = 0; change < 2 * items; change++) {
            String item = "item-" + random.nextInt(items);
            if (random.nextInt(4) == 0) {
                index.upsert(tombstone(item), PUBLISHED_AT);
                reference.remove(item);
            } else {
                float[] vector = wholeNumbers(random, dim);
                index.upsert(embedding(item, 1, vector), PUBLISHED_AT);
                reference.put(item, vector);
            }
        }

        Set<String> excluded = new HashSet<>();
        for (int at = 0; at < items / 3; at++) {
            excluded.add("item-" + random.nextInt(items));
        }
        float[] query = wholeNumbers(random, dim);
        assertThat(index.size()).isEqualTo(reference.size());
        assertThat(index.search(query, k, excluded::contains))
                .isEqualTo(reference.search(query, k, excluded::contains));
    }

    /*
     * Whole numbers again. Numbers of popularity of which e to the power is whole, read at times whole half-lives apart, so that the
     * oracle has what is left of them exactly: log(1 + clicks / 2^halfLives).
     */
    @Property(tries = 40)
    void addsWhatIsLeftOfPopularityByNow(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 600) int items,
            @ForAll @IntRange(min = 0, max = 3) int weight) {
        Random random = new Random(seed);
        int dim = 3;
        ExactIndex index = new ExactIndex(dim);
        ExactIndexReference reference = new ExactIndexReference();
        float[] query = wholeNumbers(random, dim);
        Map<String, int[]> clicksAndTime = new HashMap<>();
        Map<String, float[]> vectors = new HashMap<>();

        int now = 0;
        for (int change = 0; change < 2 * items; change++) {
            String item = "item-" + random.nextInt(items);
            now += random.nextInt(100) == 0 ? 1 : 0; // half-lives
            if (random.nextInt(6) == 0) {
                index.upsert(tombstone(item), PUBLISHED_AT);
                clicksAndTime.remove(item);
            } else {
                int[] popularity = {random.nextInt(4), Math.max(0, now - random.nextInt(2))};
                float[] vector = wholeNumbers(random, dim);
                index.upsert(popular(item, vector, Math.log1p(popularity[0]), popularity[1]), PUBLISHED_AT);
                clicksAndTime.put(item, popularity);
                vectors.put(item, vector);
            }
            if (random.nextInt(50) == 0) {
                index.search(query, 1, found -> false, weight); // some chunks are brought to this moment
            }
        }
        index.upsert(popular("latest", new float[dim], 0, now), PUBLISHED_AT);
        reference.put("latest", new float[dim], 0);
        for (Map.Entry<String, int[]> each : clicksAndTime.entrySet()) {
            double left = each.getValue()[0] * Math.pow(0.5, now - each.getValue()[1]);
            reference.put(each.getKey(), Objects.requireNonNull(vectors.get(each.getKey())), weight * Math.log1p(left));
        }

        List<ScoredItem> found = index.search(query, items + 1, item -> false, weight);

        List<ScoredItem> expected = reference.search(query, items + 1, item -> false);
        assertThat(found).hasSameSizeAs(expected);
        Map<String, Float> scores = new HashMap<>();
        expected.forEach(each -> scores.put(each.item(), each.score()));
        for (int at = 0; at < found.size(); at++) {
            // sums in float and in double: the same place or one of the same score but for its last bits
            assertThat(found.get(at).score()).isCloseTo(expected.get(at).score(), within(1e-5f));
            assertThat(found.get(at).score()).isCloseTo(scores.get(found.get(at).item()), within(1e-5f));
        }
        if (weight == 0) {
            assertThat(found).isEqualTo(expected);
        }
    }

    @Test
    void popularityIsNoOlderThanItMayBe() {
        ExactIndex index = new ExactIndex(1);
        float[] query = {0};
        index.upsert(popular("old", new float[1], 5, 0), PUBLISHED_AT);
        index.search(query, 1, item -> false, 1);

        for (double halfLives = 0; halfLives < 3; halfLives += 0.005) {
            index.upsert(popular("other", new float[1], 0, halfLives), PUBLISHED_AT);

            float score = index.search(query, 1, item -> false, 1).get(0).score();
            assertThat((double) score)
                    .isCloseTo(FastPopularity.later(5, halfLives), within(PopularityMoment.MAX_MOVE + 1e-6));
        }
    }

    @Test
    void refusesAPopularityThatIsNoNumber() {
        ExactIndex index = new ExactIndex(1);

        for (double number : new double[] {-1, Double.NaN, 701, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> index.upsert(popular("a", new float[1], number, 0), PUBLISHED_AT))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("popularity");
        }
        assertThat(index.size()).isZero();
    }

    /*
     * The writer gives vector -n and number n together, so that their sum with weight 1 is 0 unless they are of two records.
     */
    @Test
    void searchesNeverSeeAVectorWithAnothersPopularity() throws Exception {
        ExactIndex index = new ExactIndex(1);
        for (int item = 0; item < 20; item++) {
            index.upsert(popular("item-" + item, new float[] {-1}, 1, 0), PUBLISHED_AT);
        }
        float[] query = {1};

        searchWhile(
                () -> {
                    Random random = new Random(7);
                    for (int change = 0; change < 300_000; change++) {
                        int number = random.nextInt(8);
                        String item = "item-" + random.nextInt(20);
                        index.upsert(popular(item, new float[] {-number}, number, 0), PUBLISHED_AT);
                    }
                },
                () -> assertThat(index.search(query, 20, item -> false, 1))
                        .hasSize(20)
                        .allMatch(found -> Math.abs(found.score()) < 1e-5));
    }

    @Test
    void equalScoresComeInTheOrderOfTheirIds() {
        ExactIndex index = new ExactIndex(2);
        for (String item : List.of("d", "a", "c", "b")) {
            index.upsert(embedding(item, 1, 1, 0), PUBLISHED_AT);
        }

        List<ScoredItem> found = index.search(new float[] {1, 0}, 3, item -> false);

        assertThat(found).extracting(ScoredItem::item).containsExactly("a", "b", "c");
    }

    @Test
    void anItemKeepsItsLatestVectorAndWhereItCameFrom() {
        ExactIndex index = new ExactIndex(2);
        index.upsert(embedding("a", 3, 1, 0), PUBLISHED_AT);

        index.upsert(new ItemEmbedding("a", Optional.of(new float[] {0, 1}), "g", 4, 77, 0), PUBLISHED_AT + 5);

        IndexedItem item = index.item("a").orElseThrow();
        assertThat(item.vector()).containsExactly(0, 1);
        assertThat(item.step()).isEqualTo(4);
        assertThat(item.eventTime()).isEqualTo(77);
        assertThat(item.publishedAt()).isEqualTo(PUBLISHED_AT + 5);
        assertThat(index.size()).isEqualTo(1);
        assertThat(index.newestStep()).isEqualTo(4);
        assertThat(index.newestPublication()).isEqualTo(PUBLISHED_AT + 5);
    }

    @Test
    void tellsHowFarItsVectorsAreBehindItsNewest() {
        ExactIndex index = new ExactIndex(1);
        assertThat(index.ages()).isEqualTo(VectorAges.NONE);
        assertThat(index.greatestAges()).isEqualTo(GreatestAges.NONE);
        for (int item = 0; item < 600; item++) {
            index.upsert(embedding("i" + item, 1_000 + item, 1), 5_000 - item);
        }
        index.upsert(embedding("i0", 1_601, 1), 9_000);
        index.remove("i599");
        index.remove("i3");

        // left are the steps 1,001 to 1,598 without 1,003, and 1,601; the fifth of 598 from below is 1,007
        double mean = (IntStream.rangeClosed(1_001, 1_598).sum() - 1_003 + 1_601) / 598.0;
        assertThat(index.ages()).isEqualTo(new VectorAges(600, 1_601 - 1_007, 1_601 - mean, 5_000 - 598));
        assertThat(index.greatestAges()).isEqualTo(new GreatestAges(600, 5_000 - 598));
    }

    @Test
    void refusesAVectorOfAnotherWidthOrWithNotANumber() {
        ExactIndex index = new ExactIndex(2);

        assertThatThrownBy(() -> index.upsert(embedding("a", 1, 1, 0, 0), PUBLISHED_AT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 components");
        assertThatThrownBy(() -> index.upsert(embedding("a", 1, Float.NaN, 0), PUBLISHED_AT))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(index.size()).isZero();
    }

    /*
     * Every vector the writer gives has equal components, 1 or -1, so its inner product with (1, …, 1) is plus or minus dim;
     * half a vector gives something between. Few and wide vectors, so that reader and writer meet in one often.
     */
    @Test
    void searchesNeverSeeHalfAVector() throws Exception {
        int dim = 2_048;
        int items = 20;
        ExactIndex index = new ExactIndex(dim);
        float[][] vectors = {constant(dim, 1), constant(dim, -1)};
        for (int item = 0; item < items; item++) {
            index.upsert(embedding("item-" + item, 1, vectors[0]), PUBLISHED_AT);
        }

        searchWhile(
                () -> {
                    Random random = new Random(7);
                    for (int change = 0; change < 300_000; change++) {
                        String item = "item-" + random.nextInt(items);
                        index.upsert(embedding(item, change, vectors[random.nextInt(2)]), PUBLISHED_AT);
                    }
                },
                () -> assertThat(index.search(vectors[0], items, item -> false))
                        .hasSize(items)
                        .allMatch(found -> Math.abs(found.score()) == dim));
    }

    @Test
    void searchesSeeEveryItemThatStaysOnceWhileOthersComeAndGo() throws Exception {
        int staying = 900;
        int passing = 300;
        ExactIndex index = new ExactIndex(1);
        for (int item = 0; item < passing; item++) {
            index.upsert(embedding("passing-" + item, 1, -1), PUBLISHED_AT);
        }
        for (int item = 0; item < staying; item++) {
            index.upsert(embedding("staying-" + item, 1, 1), PUBLISHED_AT);
        }

        searchWhile(
                () -> {
                    Random random = new Random(7);
                    for (int change = 0; change < 20_000; change++) {
                        String item = "passing-" + random.nextInt(passing);
                        index.upsert(change % 2 == 0 ? tombstone(item) : embedding(item, 1, -1), PUBLISHED_AT);
                    }
                },
                // those that stay have the higher score, so they are the first 900
                () -> assertThat(index.search(new float[] {1}, staying, item -> false).stream()
                                .map(ScoredItem::item)
                                .filter(item -> item.startsWith("staying-"))
                                .distinct())
                        .hasSize(staying));
    }

    /** Writes once, while two readers search again and again. */
    private static void searchWhile(Runnable write, Runnable search) throws Exception {
        AtomicBoolean isWriting = new AtomicBoolean(true);
        ExecutorService readers = Executors.newFixedThreadPool(2);
        Runnable searches = () -> {
            do {
                search.run();
            } while (isWriting.get());
        };
        try {
            List<Future<?>> running = List.of(readers.submit(searches), readers.submit(searches));
            write.run();
            isWriting.set(false);
            for (Future<?> one : running) {
                one.get();
            }
        } finally {
            isWriting.set(false);
            readers.shutdownNow();
        }
    }

    private static ItemEmbedding embedding(String item, long step, float... vector) {
        return new ItemEmbedding(item, Optional.of(vector), "g", step, 0, 0);
    }

    private static ItemEmbedding popular(String item, float[] vector, double number, double halfLives) {
        long halfLife = 1_000_000;
        return new ItemEmbedding(
                item,
                Optional.of(vector),
                "g",
                1,
                Math.round(halfLives * halfLife),
                0,
                new PublishedPopularity(number, halfLife, false));
    }

    private static ItemEmbedding tombstone(String item) {
        return new ItemEmbedding(item, Optional.empty(), "g", 0, 0, 0);
    }

    private static float[] wholeNumbers(Random random, int dim) {
        float[] vector = new float[dim];
        for (int at = 0; at < dim; at++) {
            vector[at] = random.nextInt(5) - 2;
        }
        return vector;
    }

    private static float[] constant(int dim, float value) {
        float[] vector = new float[dim];
        Arrays.fill(vector, value);
        return vector;
    }
}
