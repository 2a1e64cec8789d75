package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.index.Arrangement.Boost;
import dev.millrace.model.engine.Loops;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ArrangementTest {

    private static final String MAKER = "maker";
    private static final String TAGS = "tags";
    private static final String PRICE = "price";
    private static final String OF_NO_ITEM = "of no item";
    private static final float[] QUERY = {1, 0};

    /*
     * Components are whole numbers, and boosts quarters, so every score is exact in float whatever the order of the sum, and equal scores are frequent. In half
     * of the tries one maker has nearly all items.
     */
    @Property(tries = 100)
    void agreesWithTheSlowTwin(
            @ForAll long seed,
            @ForAll @IntRange(min = 0, max = 2_500) int items,
            @ForAll @IntRange(min = 1, max = 40) int k) {
        await().atMost(Duration.ofMinutes(1)).until(() -> Loops.now().areBytesFast());
        Random random = new Random(seed);
        int dim = 1 + random.nextInt(12);
        boolean isOneMakers = random.nextBoolean();
        ItemIndex index = new ItemIndex(dim);
        ArrangementReference reference = new ArrangementReference();
        for (int change = 0; change < items + items / 3; change++) {
            String item = "i" + random.nextInt(items);
            if (random.nextInt(8) == 0) {
                index.remove(item);
                reference.remove(item);
            } else {
                float[] vector = wholeNumbers(random, dim);
                Features attributes = attributes(random, isOneMakers);
                index.upsert(embedding(item, vector, attributes), 1);
                reference.put(item, vector, attributes);
            }
        }

        for (int round = 0; round < 4; round++) {
            Search search = search(random, dim, items + 3, k);

            List<ScoredItem> found = index.search(search);

            assertThat(found).as(search.arrangement().toString()).isEqualTo(reference.search(search));
            assertThat(index.placed(search, found)).isEqualTo(placed(reference, search.arrangement(), found));
        }
    }

    @Test
    void quotaIsFilledFromBehindAMakerOfNearlyAll() {
        ItemIndex index = new ItemIndex(2);
        for (int item = 0; item < 5_000; item++) { // scores fall from 1; the last fifty are of makers of their own
            boolean isLarge = item < 4_950;
            index.upsert(made("i" + item, isLarge ? "large" : "m" + item, 1 - item / 5_000f, 0), 1);
        }

        List<ScoredItem> found = index.search(
                arranged(5, new Arrangement(List.of(), Map.of(MAKER, 2), OptionalDouble.empty(), Map.of())));

        assertThat(found).extracting(ScoredItem::item).containsExactly("i0", "i1", "i4950", "i4951", "i4952");
    }

    @Test
    void boostIsAddedToTheScoreOfItsValue() {
        ItemIndex index = new ItemIndex(2);
        index.upsert(made("a", "x", 0.75f, 0), 1);
        index.upsert(made("b", "y", 0.5f, 0), 1);
        Search search = arranged(
                2,
                new Arrangement(
                        List.of(new Boost(MAKER, "y", 0.5), new Boost(MAKER, "x", -0.25)),
                        Map.of(),
                        OptionalDouble.empty(),
                        Map.of()));

        List<ScoredItem> found = index.search(search);

        assertThat(found).containsExactly(new ScoredItem("b", 1), new ScoredItem("a", 0.5f));
        assertThat(index.parts(search, "a")).contains(new ScoreParts(0.75f, 0, 0, 0, -0.25f));
    }

    @Test
    void hugeBoostsLeaveTheOthersInTheirOrder() {
        ItemIndex index = new ItemIndex(2);
        index.upsert(made("a", "x", 1, 0), 1);
        index.upsert(made("b", "y", 0.5f, 0), 1);
        index.upsert(made("c", "y", 0.75f, 0), 1);
        index.upsert(made("d", "z", 0.25f, 0), 1);

        List<ScoredItem> found = index.search(arranged(
                4,
                new Arrangement(
                        List.of(new Boost(MAKER, "z", 1e30), new Boost(MAKER, "x", -1e30)),
                        Map.of(),
                        OptionalDouble.empty(),
                        Map.of())));

        assertThat(found)
                .containsExactly(
                        new ScoredItem("d", 1e30f),
                        new ScoredItem("c", 0.75f),
                        new ScoredItem("b", 0.5f),
                        new ScoredItem("a", -1e30f));
    }

    @Test
    void diversityPutsTheNextOfAKindBehindAnother() {
        ItemIndex index = new ItemIndex(2);
        index.upsert(made("a", "x", 1, 0), 1);
        index.upsert(made("b", "x", 0.8f, 0.6f), 1);
        index.upsert(made("c", "x", 0.6f, -0.8f), 1);
        Search search = arranged(3, new Arrangement(List.of(), Map.of(), OptionalDouble.of(0.6), Map.of()));

        List<ScoredItem> found = index.search(search);

        // a first; then b is worth .6 · .8 − .4 · .8 = .16, c .6 · .6 − .4 · .6 = .12
        assertThat(found).extracting(ScoredItem::item).containsExactly("a", "b", "c");
        // the cosine of b and c is .48 − .48, so what is nearest to c is a, by .6
        assertThat(index.placed(search, found))
                .extracting(Placed::diversity)
                .satisfiesExactly(
                        first -> assertThat(first).isZero(),
                        second -> assertThat(second).isCloseTo(0.8f, within(1e-6f)),
                        third -> assertThat(third).isCloseTo(0.6f, within(1e-6f)));
        Search diverse = arranged(3, new Arrangement(List.of(), Map.of(), OptionalDouble.of(0.4), Map.of()));
        // b .4 · .8 − .6 · .8 = −.16, c .4 · .6 − .6 · .6 = −.12
        assertThat(index.search(diverse)).extracting(ScoredItem::item).containsExactly("a", "c", "b");
    }

    @Test
    void pinnedItemsCountForQuotaAndLeaveFilteredPlaces() {
        ItemIndex index = new ItemIndex(2);
        for (int item = 0; item < 4; item++) {
            index.upsert(made("x" + item, "x", 1 - item / 10f, 0), 1);
            index.upsert(made("y" + item, "y", 0.5f - item / 10f, 0), 1);
        }
        Arrangement arrangement = new Arrangement(
                List.of(), Map.of(MAKER, 2), OptionalDouble.empty(), Map.of("x3", 2, "gone", 1, "y3", 3));
        Search search = arranged(4, arrangement);

        List<ScoredItem> found = index.search(search);

        // x3 leaves room for one more of x, y3 for one of y
        assertThat(found).extracting(ScoredItem::item).containsExactly("x0", "x3", "y3", "y0");
        assertThat(index.placed(search, found))
                .containsExactly(
                        new Placed(0, Map.of(MAKER, 2), 0),
                        new Placed(2, Map.of(MAKER, 1), 0),
                        new Placed(3, Map.of(MAKER, 1), 0),
                        new Placed(0, Map.of(MAKER, 2), 0));
    }

    @Test
    void refusesAnArrangementThatIsNone() {
        assertThatThrownBy(() -> new Boost(MAKER, "x", Double.NaN))
                .hasMessage("boost = NaN: must be from -1e30 to 1e30");
        assertThatThrownBy(() -> new Boost(MAKER, "x", 1e31)).hasMessageContaining("1.0E31");
        assertThatThrownBy(() -> new Arrangement(List.of(), Map.of(MAKER, 0), OptionalDouble.empty(), Map.of()))
                .hasMessageContaining("at-most");
        assertThatThrownBy(() -> new Arrangement(List.of(), Map.of(), OptionalDouble.of(1.1), Map.of()))
                .hasMessageContaining("diversity");
        assertThatThrownBy(() -> new Arrangement(List.of(), Map.of(), OptionalDouble.empty(), Map.of("a", 1, "b", 1)))
                .hasMessageContaining("a place of its own");
        assertThatThrownBy(
                        () -> arranged(2, new Arrangement(List.of(), Map.of(), OptionalDouble.empty(), Map.of("a", 3))))
                .hasMessage("pins = {a=3}: there are 2 places");
    }

    /** @param items ids that the search may name */
    private static Search search(Random random, int dim, int items, int k) {
        Set<String> excluded = new HashSet<>();
        Map<String, Float> added = new HashMap<>();
        Map<String, Integer> pins = new HashMap<>();
        for (int at = random.nextInt(20); at > 0; at--) {
            excluded.add("i" + random.nextInt(items));
            added.put("i" + random.nextInt(items), (float) random.nextInt(5) - 2);
        }
        List<Integer> places =
                new ArrayList<>(IntStream.rangeClosed(1, k).boxed().toList());
        for (int at = random.nextInt(4); at > 0 && !places.isEmpty(); at--) {
            pins.putIfAbsent("i" + random.nextInt(items), places.remove(random.nextInt(places.size())));
        }
        List<Boost> boosts = new ArrayList<>();
        for (int value = 0; value < 5 && random.nextBoolean(); value++) {
            boosts.add(new Boost(MAKER, "m" + value, (random.nextInt(33) - 16) / 4.0));
            boosts.add(new Boost(TAGS, "t" + value, (random.nextInt(17) - 8) / 4.0));
            boosts.add(new Boost(PRICE, "" + value, (random.nextInt(17) - 8) / 4.0));
            boosts.add(new Boost(OF_NO_ITEM, "" + value, 1));
        }
        Map<String, Integer> atMost = new HashMap<>();
        for (String attribute : List.of(MAKER, TAGS, PRICE, OF_NO_ITEM)) {
            if (random.nextInt(3) == 0) {
                atMost.put(attribute, 1 + random.nextInt(4));
            }
        }
        OptionalDouble diversity =
                random.nextInt(3) == 0 ? OptionalDouble.of(random.nextInt(5) / 4.0) : OptionalDouble.empty();
        ItemFilter filter = random.nextInt(3) == 0
                ? new ItemFilter(List.of(new ItemFilter.Between(PRICE, 0, random.nextInt(20))))
                : ItemFilter.NONE;
        return new Search(
                wholeNumbers(random, dim),
                k,
                excluded::contains,
                filter,
                PriorWeights.NONE,
                added,
                new Arrangement(boosts, atMost, diversity, pins));
    }

    /** What the places come from, said anew from the definitions. */
    private static List<Placed> placed(
            ArrangementReference reference, Arrangement arrangement, List<ScoredItem> found) {
        List<ScoredItem> before = new ArrayList<>();
        Map<String, Integer> counts = new HashMap<>();
        Map<ScoredItem, Placed> placed = new HashMap<>();
        for (boolean isPinned : new boolean[] {true, false}) {
            for (ScoredItem item : found) {
                if (arrangement.pins().containsKey(item.item()) == isPinned) {
                    Map<String, Integer> quota = new HashMap<>();
                    arrangement.atMost().keySet().forEach(attribute -> texts(
                                    reference.attributes(item).value(attribute))
                            .forEach(value -> quota.merge(
                                    attribute, counts.merge(attribute + value, 1, Integer::sum), Math::max)));
                    boolean isCompared = !isPinned && arrangement.diversity().isPresent();
                    float nearest = isCompared ? reference.nearest(item, before) : 0;
                    placed.put(item, new Placed(arrangement.pins().getOrDefault(item.item(), 0), quota, nearest));
                    before.add(item);
                }
            }
        }
        return found.stream()
                .map(item -> placed.getOrDefault(item, Placed.BY_SCORE))
                .toList();
    }

    private static Set<String> texts(Optional<FeatureValue> value) {
        return value.map(one -> one.match(
                        category -> Set.of(category.value()),
                        quantity -> Set.of("" + (long) quantity.value()),
                        bag -> Set.copyOf(bag.values()),
                        dense -> Set.<String>of()))
                .orElse(Set.of());
    }

    private static Features attributes(Random random, boolean isOneMakers) {
        Map<String, FeatureValue> attributes = new HashMap<>();
        if (random.nextInt(10) > 0) {
            int maker = isOneMakers && random.nextInt(100) > 0 ? 0 : random.nextInt(30);
            attributes.put(MAKER, new FeatureValue.Category("m" + maker));
        }
        attributes.put(
                TAGS,
                new FeatureValue.Bag(IntStream.range(0, random.nextInt(4))
                        .mapToObj(tag -> "t" + random.nextInt(6))
                        .toList()));
        if (random.nextInt(10) > 0) {
            attributes.put(PRICE, new FeatureValue.Quantity(isOneMakers ? 7 : random.nextInt(25)));
        }
        return Features.of(attributes);
    }

    private static Search arranged(int k, Arrangement arrangement) {
        return new Search(QUERY, k, item -> false, ItemFilter.NONE, PriorWeights.NONE, Map.of(), arrangement);
    }

    private static ItemEmbedding made(String item, String maker, float... vector) {
        return embedding(item, vector, Features.of(Map.of(MAKER, new FeatureValue.Category(maker))));
    }

    private static ItemEmbedding embedding(String item, float[] vector, Features attributes) {
        return new ItemEmbedding(item, Optional.of(vector), "g", 1, 0, 0, PublishedPopularity.NONE, 0, attributes);
    }

    private static float[] wholeNumbers(Random random, int dim) {
        float[] vector = new float[dim];
        for (int at = 0; at < dim; at++) {
            vector[at] = random.nextInt(5) - 2;
        }
        return vector;
    }
}
