package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.popularity.FastPopularity;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.popularity.PriorWeights.Young;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ItemIndexTest {

    private static final long PUBLISHED_AT = 1_700_000_000_000L;
    private static final long START = 1_767_225_600_000L;
    private static final ItemFilter RED = new ItemFilter(List.of(new ItemFilter.AnyOf("colour", Set.of("red"))));

    @Test
    void evenlyChosenItemsIncludeTheLastToCome() {
        ItemIndex index = new ItemIndex(1);
        for (int item = 0; item < 10; item++) {
            index.upsert(embedding("i" + item, 1, item), PUBLISHED_AT);
        }

        // the last of each quarter of the rows, which end behind 2.5, 5, 7.5 and 10 of them
        assertThat(index.someItems(4)).extracting(IndexedItem::item).containsExactly("i1", "i4", "i6", "i9");
        assertThat(index.someItems(99)).hasSize(10);
        assertThat(new ItemIndex(1).someItems(4)).isEmpty();
    }

    /*
     * Components are whole numbers from -2 to 2, so every inner product is exact in float whatever the order of the sum, and
     * equal scores are frequent.
     */
    @Property(tries = 60)
    void agreesWithTheSlowTwinThroughAnyChanges(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 19) int dim,
            @ForAll @IntRange(min = 1, max = 2_500) int items,
            @ForAll @IntRange(min = 1, max = 40) int k) {
        Random random = new Random(seed);
        ItemIndex index = new ItemIndex(dim);
        ItemIndexReference reference = new ItemIndexReference();
        Map<String, String> colours = new HashMap<>();

        for (int change = 0; change < 2 * items; change++) {
            String item = "item-" + random.nextInt(items);
            if (random.nextInt(4) == 0) {
                index.upsert(tombstone(item), PUBLISHED_AT);
                reference.remove(item);
            } else {
                float[] vector = wholeNumbers(random, dim);
                String colour = random.nextBoolean() ? "red" : "green";
                index.upsert(coloured(item, vector, colour), PUBLISHED_AT);
                reference.put(item, vector);
                colours.put(item, colour);
            }
        }

        Set<String> excluded = new HashSet<>();
        for (int at = 0; at < items / 3; at++) {
            excluded.add("item-" + random.nextInt(items));
        }
        float[] query = wholeNumbers(random, dim);
        assertThat(index.size()).isEqualTo(reference.size());
        assertThat(index.search(new Search(query, k, excluded::contains)))
                .isEqualTo(reference.search(query, k, excluded::contains));
        assertThat(index.search(new Search(query, k, excluded::contains, RED, PriorWeights.NONE)))
                .isEqualTo(reference.search(
                        query, k, item -> excluded.contains(item) || !"red".equals(colours.get(item))));

        Map<String, Float> added = new HashMap<>();
        for (int at = 0; at < items / 4; at++) {
            String item = "item-" + random.nextInt(2 * items); // some are not there
            added.put(item, (float) random.nextInt(9) - 4);
        }
        added.forEach(reference::add);
        assertThat(index.search(new Search(query, k, excluded::contains, RED, PriorWeights.NONE, added)))
                .isEqualTo(reference.search(
                        query, k, item -> excluded.contains(item) || !"red".equals(colours.get(item))));
    }

    /*
     * Whole numbers again. Numbers of popularity of which e to the power is whole, read at times whole half-lives apart, so that the
     * oracle has what is left of them exactly: log(1 + clicks / 2^halfLives).
     */
    @Property(tries = 40)
    void addsWhatIsLeftOfPopularityByNow(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 2_500) int items,
            @ForAll @IntRange(min = 0, max = 3) int weight) {
        Random random = new Random(seed);
        int dim = 3;
        ItemIndex index = new ItemIndex(dim);
        ItemIndexReference reference = new ItemIndexReference();
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
                index.search(weighted(query, 1, weight)); // some chunks are brought to this moment
            }
        }
        index.upsert(popular("latest", new float[dim], 0, now), PUBLISHED_AT);
        reference.put("latest", new float[dim], 0);
        for (Map.Entry<String, int[]> each : clicksAndTime.entrySet()) {
            double left = each.getValue()[0] * Math.pow(0.5, now - each.getValue()[1]);
            reference.put(each.getKey(), Objects.requireNonNull(vectors.get(each.getKey())), weight * Math.log1p(left));
        }

        List<ScoredItem> found = index.search(weighted(query, items + 1, weight));

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
        assertThat(index.search(weighted(query, 10, weight)))
                .isEqualTo(found.stream().limit(10).toList());
    }

    @Test
    void popularityIsNoOlderThanItMayBe() {
        ItemIndex index = new ItemIndex(1);
        float[] query = {0};
        index.upsert(popular("old", new float[1], 5, 0), PUBLISHED_AT);
        index.search(weighted(query, 1, 1));

        for (double halfLives = 0; halfLives < 3; halfLives += 0.005) {
            index.upsert(popular("other", new float[1], 0, halfLives), PUBLISHED_AT);

            float score = index.search(weighted(query, 1, 1)).get(0).score();
            assertThat((double) score)
                    .isCloseTo(FastPopularity.later(5, halfLives), within(PriorMoment.MAX_MOVE + 1e-6));
        }
    }

    @Test
    void ageIsNoOlderThanItMayBe() {
        ItemIndex index = new ItemIndex(1);
        PriorWeights weights = new PriorWeights(0, -0.5, 2, 0);
        Search search = new Search(new float[1], 1, item -> item.equals("clock"), ItemFilter.NONE, weights);
        index.upsert(announced("new", START, START), PUBLISHED_AT);

        for (long minute = 0; minute < 20 * 60; minute++) {
            long now = START + minute * 60_000;
            index.upsert(announced("clock", 0, now), PUBLISHED_AT);

            double age = Math.log1p(minute / 60.0);
            assertThat((double) index.search(search).get(0).score())
                    .isCloseTo(-0.5 * age + 2 * Math.min(age, 2), within(2 * PriorMoment.MAX_MOVE));
        }
    }

    /** In three chunks, by bounds and by scores; some have moved to rows of items that left. */
    @Test
    void youngItemsGetTheBiasOfTheirClicks() {
        ItemIndex index = new ItemIndex(2);
        ItemIndexReference reference = new ItemIndexReference();
        SplittableRandom random = new SplittableRandom(5);
        Young young = new Young(List.of(0.5, -0.25, 0.125, 1.0), List.of(0.0, 0.0, 0.0, 0.0));
        PriorWeights weights = PriorWeights.NONE.withYoung(young);
        for (int item = 0; item < 2 * IndexChunk.ROWS + 100; item++) {
            float[] vector = {(float) random.nextDouble(), (float) random.nextDouble()};
            int clicks = random.nextInt(40);
            index.upsert(clicked("i" + item, vector, clicks), PUBLISHED_AT);
            assertThat(index.youth("i" + item)).isEqualTo(Young.youth(clicks));
            reference.put("i" + item, vector, weights.bias(Young.youth(clicks)));
        }
        for (int item = 0; item < 500; item++) {
            index.remove("i" + item);
            reference.remove("i" + item);
        }
        float[] query = {0.5f, 1};

        List<ScoredItem> found = index.search(new Search(query, 50, item -> false, ItemFilter.NONE, weights));

        List<ScoredItem> expected = reference.search(query, 50, item -> false);
        assertThat(found)
                .extracting(ScoredItem::item)
                .isEqualTo(expected.stream().map(ScoredItem::item).toList());
        for (int at = 0; at < found.size(); at++) {
            assertThat(found.get(at).score()).isCloseTo(expected.get(at).score(), within(1e-6f));
        }
        assertThat(index.youth("gone")).isEqualTo(Young.KINDS);
    }

    private static ItemEmbedding clicked(String item, float[] vector, int clicks) {
        PublishedPopularity popularity = new PublishedPopularity(
                List.of(0f, (float) Math.log1p(clicks)), List.of(3_600_000L, PublishedPopularity.ENDLESS), false);
        return new ItemEmbedding(item, Optional.of(vector), "g1", 1, START, 0, popularity);
    }

    @Test
    void whatIsNewComesFirstIfNewnessIsAllThatCounts() {
        ItemIndex index = new ItemIndex(1);
        int hours = 2 * IndexChunk.ROWS + 100; // in three chunks
        for (int hour = 0; hour < hours; hour++) {
            index.upsert(announced("i" + hour, START + hour * 3_600_000L, START + hours * 3_600_000L), PUBLISHED_AT);
        }
        index.remove("i" + (hours - 2));

        List<ScoredItem> found = index.search(
                new Search(new float[1], 3, item -> false, ItemFilter.NONE, new PriorWeights(0, -1, 0, 0)));

        assertThat(found)
                .extracting(ScoredItem::item)
                .containsExactly("i" + (hours - 1), "i" + (hours - 3), "i" + (hours - 4));
    }

    /** The number of a value that left may go to another while a search that knows it is under way. */
    @Test
    void itemsThatChangeAmidASearchStillPassItsFilter() {
        ItemIndex index = new ItemIndex(1);
        String last = "i" + IndexChunk.ROWS;
        for (int item = 0; item <= IndexChunk.ROWS; item++) { // in two chunks
            index.upsert(coloured("i" + item, new float[1], item == 0 ? "red" : "green"), PUBLISHED_AT);
        }

        List<ScoredItem> found = index.search(new Search(
                new float[1],
                IndexChunk.ROWS,
                item -> {
                    index.upsert(embedding("i0", 1, 0), PUBLISHED_AT); // no longer red
                    index.upsert(coloured(last, new float[1], "grey"), PUBLISHED_AT);
                    return false;
                },
                RED,
                PriorWeights.NONE));

        assertThat(found).extracting(ScoredItem::item).doesNotContain(last);
    }

    /** The predicate is asked when the item's bounds are known already, and others are dropped for it. */
    @Test
    void anItemThatGetsWorseDuringASearchDisplacesNoOther() {
        for (ItemEmbedding worse :
                List.of(coloured("best", new float[] {1}, "red"), coloured("best", new float[] {9}, "green"))) {
            ItemIndex index = new ItemIndex(1);
            index.upsert(coloured("best", new float[] {9}, "red"), PUBLISHED_AT);
            index.upsert(coloured("next", new float[] {5}, "red"), PUBLISHED_AT);
            for (int item = 0; item < 100; item++) { // so that bounds are computed
                index.upsert(coloured("other" + item, new float[] {3}, "red"), PUBLISHED_AT);
            }

            List<ScoredItem> found = index.search(new Search(
                    new float[] {1},
                    1,
                    item -> {
                        if (item.equals("best")) {
                            index.upsert(worse, PUBLISHED_AT);
                        }
                        return false;
                    },
                    RED,
                    PriorWeights.NONE));

            assertThat(found).containsExactly(new ScoredItem("next", 5));
        }
    }

    @Test
    void anItemKeepsItsLatestVectorAndWhereItCameFrom() {
        ItemIndex index = new ItemIndex(2);
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
        ItemIndex index = new ItemIndex(1);
        assertThat(index.ages()).isEqualTo(VectorAges.NONE);
        for (int item = 0; item < 2_500; item++) { // in three chunks
            index.upsert(embedding("i" + item, 1_000 + item, 1), 5_000 - item);
        }
        index.upsert(embedding("i0", 3_501, 1), 9_000);
        index.remove("i2499");
        index.remove("i3");

        // left are the steps 1,001 to 3,498 without 1,003, and 3,501; a hundredth of the 2,498 is below 1,026
        double mean = (IntStream.rangeClosed(1_001, 3_498).sum() - 1_003 + 3_501) / 2_498.0;
        assertThat(index.ages()).isEqualTo(new VectorAges(2_500, 3_501 - 1_026, 3_501 - mean, 5_000 - 2_498));
    }

    @Test
    void refusesASearchThatIsNone() {
        float[] query = {1, 0};

        assertThatThrownBy(() -> new Search(query, 0, item -> false)).hasMessage("k = 0: must be at least 1");
        assertThatThrownBy(() -> weighted(query, 1, Float.NaN))
                .hasMessageStartingWith("PriorWeights[popularity=NaN, ")
                .hasMessageEndingWith(": must be finite");
        assertThatThrownBy(() ->
                        new Search(query, 1, item -> false, ItemFilter.NONE, PriorWeights.NONE, Map.of("a", Float.NaN)))
                .hasMessage("NaN is added to item a: must be finite");
        assertThatThrownBy(() -> new ItemIndex(3).search(new Search(query, 1, item -> false)))
                .hasMessage("the vector has 2 components, the index has 3");
    }

    @Test
    void refusesWhatHasAnotherWidthOrIsNoNumber() {
        ItemIndex index = new ItemIndex(2);

        for (float[] vector : new float[][] {{1, 0, 0}, {Float.NaN, 0}}) {
            assertThatThrownBy(() -> index.upsert(embedding("a", 1, vector), PUBLISHED_AT))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        for (double number : new double[] {-1, Double.NaN, 701, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> index.upsert(popular("a", new float[2], number, 0), PUBLISHED_AT))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("popularity");
        }
        assertThat(index.size()).isZero();
    }

    private static ItemEmbedding embedding(String item, long step, float... vector) {
        return new ItemEmbedding(item, Optional.of(vector), "g", step, 0, 0);
    }

    private static ItemEmbedding announced(String item, long itemTime, long eventTime) {
        return embedding(item, new float[1], eventTime, PublishedPopularity.NONE, itemTime, Features.NONE);
    }

    private static ItemEmbedding coloured(String item, float[] vector, String colour) {
        Features features = Features.of(Map.of("colour", new FeatureValue.Category(colour)));
        return embedding(item, vector, 0, PublishedPopularity.NONE, 0, features);
    }

    private static ItemEmbedding embedding(
            String item,
            float[] vector,
            long eventTime,
            PublishedPopularity popularity,
            long itemTime,
            Features features) {
        return new ItemEmbedding(item, Optional.of(vector), "g", 1, eventTime, 0, popularity, itemTime, features);
    }

    private static Search weighted(float[] query, int k, float weight) {
        return new Search(query, k, item -> false, ItemFilter.NONE, PriorWeights.ofPopularity(weight));
    }

    private static ItemEmbedding popular(String item, float[] vector, double number, double halfLives) {
        long halfLife = 1_000_000;
        PublishedPopularity popularity = new PublishedPopularity(number, halfLife, false);
        return embedding(item, vector, Math.round(halfLives * halfLife), popularity, 0, Features.NONE);
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
}
