package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ItemIndexTest {

    private static final int DIM = 8;
    private static final int STEADY = 20; // and the next, of the last test
    private static final int PASSING = 100;
    private static final int LAST_VERSION = 4_000;
    private static final ForkJoinPool POOL = new ForkJoinPool(1);
    private static final GraphRule FROM_300 = new GraphRule(300, 0.2, 0.05, GraphShape.USUAL);

    /** What answered, in order. */
    private final List<SearchListener.Means> means = new ArrayList<>();

    private final ItemIndex index = new ItemIndex(DIM, FROM_300, (of, search, by, found) -> means.add(by));
    private final Random random = new Random(11);

    @Test
    void thereIsNoGraphOfFewItems() {
        fill(299);

        assertThat(refresh()).isFalse();

        search(5, item -> false);
        assertThat(index.graphItems()).isZero();
        assertThat(means).containsExactly(SearchListener.Means.EXACT);
    }

    @Test
    void theGraphAnswersWithTheScoresOfTheExactSearch() {
        fill(600);
        assertThat(refresh()).isTrue();

        for (int query = 0; query < 50; query++) {
            Search search = new Search(unit(random), 20, item -> false, ItemFilter.NONE, 0);
            assertThat(index.search(search)).isEqualTo(index.searchExactly(search));
        }

        assertThat(index.graphItems()).isEqualTo(600);
        assertThat(means).hasSize(50).containsOnly(SearchListener.Means.GRAPH);
    }

    @Test
    void aNewGraphIsBuiltOnceMoreThanTheShareDiffers() {
        fill(500);
        refresh();
        for (int item = 0; item < 40; item++) {
            index.upsert(embedding("i" + item, unit(random)), 2); // changed
            index.upsert(embedding("new" + item, unit(random)), 2); // come
        }
        for (int item = 40; item < 60; item++) {
            index.remove("i" + item); // gone
        }

        // 100 of 520 differ, .2 of them are 104
        assertThat(refresh()).isFalse();
        for (int item = 0; item < 10; item++) {
            index.upsert(embedding("newer" + item, unit(random)), 2);
        }
        assertThat(index.changedItems()).isEqualTo(90);
        assertThat(refresh()).isTrue(); // 110 of 530 differ, .2 of them are 106
        assertThat(index.graphItems()).isEqualTo(530);
        assertThat(index.changedItems()).isZero();
        assertThat(index.graphs()).isEqualTo(2);
    }

    @Test
    void whatMovesALittleIsStillFoundByTheGraphAndScoredByItsNewestVector() {
        fill(400);
        refresh();

        for (int item = 0; item < 400; item++) {
            index.upsert(embedding("i" + item, turned(index.vector("i" + item).orElseThrow(), 0.04)), 3);
        }
        index.upsert(embedding("i5", turned(index.vector("i5").orElseThrow(), 0.04)), 3); // 0.08 from where it was

        assertThat(index.changedItems()).isEqualTo(1);
        assertThat(refresh()).isFalse();
        Search search = new Search(unit(random), 20, item -> false, ItemFilter.NONE, 0);
        assertThat(index.search(search)).isEqualTo(index.searchExactly(search));
        assertThat(means).containsExactly(SearchListener.Means.GRAPH);
    }

    /** A vector that lies so far from this one, turned in the plane of the first two components. */
    private static float[] turned(float[] vector, double distance) {
        float[] turned = vector.clone();
        double length = Math.hypot(vector[0], vector[1]);
        double by = 2 * Math.asin(Math.min(1, distance / (2 * length)));
        turned[0] = (float) (vector[0] * Math.cos(by) - vector[1] * Math.sin(by));
        turned[1] = (float) (vector[0] * Math.sin(by) + vector[1] * Math.cos(by));
        return turned;
    }

    @Test
    void oneGraphIsBuiltAtATimeAndNoneThatIsNotWanted() {
        fill(400);
        List<Runnable> tasks = new ArrayList<>();

        assertThat(index.refreshGraph(tasks::add, POOL, () -> false)).isTrue();
        assertThat(index.refreshGraph(tasks::add, POOL, () -> true)).isFalse();
        tasks.remove(0).run();
        assertThat(index.graphItems()).isZero();

        assertThat(index.refreshGraph(tasks::add, POOL, () -> true)).isTrue();
        tasks.remove(0).run();
        assertThat(index.graphItems()).isEqualTo(400);
    }

    @Test
    void whatIsWrittenWhileAGraphIsBuiltHolds() {
        fill(400);
        float[] there = unit(random);
        index.refreshGraph(Runnable::run, POOL, new AskedOnce(() -> {
            index.upsert(embedding("i7", there), 2);
            index.upsert(embedding("new", there), 2);
            index.upsert(embedding("passing", there), 2);
            index.remove("passing");
            index.remove("i8");
        }));

        List<ScoredItem> found = index.search(there, 2, item -> false);

        assertThat(index.graphItems()).isEqualTo(400);
        assertThat(index.changedItems()).isEqualTo(2);
        assertThat(found).extracting(ScoredItem::item).containsExactly("i7", "new");
        assertThat(itemsOf(index.search(there, 399, item -> false)))
                .hasSize(399)
                .doesNotContain("i8", "passing");
    }

    @Test
    void aChangedAttributeHoldsInTheFilter() {
        fill(400);
        refresh();
        float[] query = index.vector("i3").orElseThrow();
        ItemFilter red = new ItemFilter(List.of(new ItemFilter.AnyOf("colour", Set.of("red"))));
        index.upsert(embedding("i3", query, "green"), 2);

        assertThat(itemsOf(index.search(new Search(query, 5, item -> false, red, 0))))
                .isNotEmpty()
                .doesNotContain("i3");
    }

    @Test
    void aFilterThatLeavesHardlyAnythingIsAnsweredExactly() {
        fill(3_000);
        for (int item = 0; item < 3; item++) {
            index.upsert(embedding("rare" + item, unit(random), "blue"), 1);
        }
        refresh();
        ItemFilter blue = new ItemFilter(List.of(new ItemFilter.AnyOf("colour", Set.of("blue"))));
        ItemFilter red = new ItemFilter(List.of(new ItemFilter.AnyOf("colour", Set.of("red"))));

        List<ScoredItem> rare = index.search(new Search(unit(random), 2, item -> false, blue, 0));
        List<ScoredItem> frequent = index.search(new Search(unit(random), 2, item -> false, red, 0));

        assertThat(itemsOf(rare)).hasSize(2).allMatch(item -> item.startsWith("rare"));
        assertThat(frequent).hasSize(2);
        assertThat(means).containsExactly(SearchListener.Means.EXACT, SearchListener.Means.GRAPH);
    }

    @Test
    void popularityIsAddedByTheExactSearch() {
        fill(400);
        index.upsert(
                new ItemEmbedding(
                        "hit", Optional.of(unit(random)), "g", 1, 0, 0, new PublishedPopularity(9, 1_000_000, false)),
                1);
        refresh();

        List<ScoredItem> found = index.search(new Search(unit(random), 1, item -> false, ItemFilter.NONE, 1));

        assertThat(found)
                .extracting(ScoredItem::item)
                .containsExactly("hit"); // 9 and at least -1, the others at most 1
        assertThat(means).containsExactly(SearchListener.Means.EXACT);
    }

    @Test
    void whereMostHasChangedTheExactSearchAnswers() {
        fill(400);
        refresh();
        for (int item = 0; item < 201; item++) {
            index.upsert(embedding("i" + item, unit(random)), 2);
        }

        search(5, item -> false);

        assertThat(means).containsExactly(SearchListener.Means.EXACT);
    }

    /*
     * A graph of few nodes, searched wide, finds all there is: so any difference would be one of books: an item left out that is
     * there, found that is gone, or scored by a vector that it had before.
     */
    @Property(tries = 30)
    void answersAsTheExactSearchThroughAnyChangesAndGraphs(@ForAll long seed) {
        Random chance = new Random(seed);
        int items = 100;
        ItemIndex changing = new ItemIndex(DIM, new GraphRule(30, 0.3, 0.3, GraphShape.USUAL), SearchListener.NONE);
        String[] colours = {"red", "green"};
        List<Runnable> building = new ArrayList<>();
        for (int change = 0; change < 400; change++) {
            String item = "i" + chance.nextInt(items);
            if (chance.nextInt(4) == 0) {
                changing.remove(item);
            } else {
                changing.upsert(embedding(item, unit(chance), colours[chance.nextInt(2)]), 1);
            }
            if (chance.nextInt(20) == 0) {
                changing.refreshGraph(building::add, POOL, () -> true);
            }
            if (chance.nextInt(20) == 0) {
                building.forEach(Runnable::run);
                building.clear();
            }
            if (chance.nextInt(5) == 0) {
                String excluded = "i" + chance.nextInt(items);
                ItemFilter filter = chance.nextBoolean()
                        ? ItemFilter.NONE
                        : new ItemFilter(List.of(new ItemFilter.AnyOf("colour", Set.of("red"))));
                Search search = new Search(unit(chance), 1 + chance.nextInt(20), excluded::equals, filter, 0);
                assertThat(changing.search(search)).isEqualTo(changing.searchExactly(search));
            }
        }
    }

    /*
     * Invariants, while one thread writes, one builds graphs one after the other, and two search:
     * - an item removed before the search began, and not put back before it ended, is not found;
     * - an item that was there all the time is found, once, with the score of its vector when the search began or of a later one.
     * Vectors lie on an arc, and the query (1, 0) scores an item by its first component, exactly. Those of 100 passing items say which
     * item and version they are of: i / 256 + version / 2^20; odd versions are removals. `begun` has an item's version before it is
     * written, `done` after. 20 steady items change between two vectors and never go; 300 others have negative scores and stay. The
     * candidates of a search for 130 are 390 of at most 420, so that no item is missed because it is far.
     */
    @Test
    void searchesHoldTheirInvariantsWhileItemsChangeAndGraphsAreExchanged() throws Exception {
        AtomicInteger byGraph = new AtomicInteger();
        ItemIndex shared =
                new ItemIndex(2, new GraphRule(100, 0.001, 1e-5, GraphShape.USUAL), (of, search, by, found) -> {
                    if (by == SearchListener.Means.GRAPH) {
                        byGraph.incrementAndGet();
                    }
                });
        for (int item = 0; item < 300; item++) {
            shared.upsert(onArc("other" + item, -item / 512f), 1);
        }
        for (int item = 0; item < STEADY; item++) {
            shared.upsert(onArc("steady" + item, steady(item, 0)), 1);
        }
        for (int item = 0; item < PASSING; item++) {
            shared.upsert(onArc("passing" + item, passing(item, 0)), 1);
        }
        AtomicIntegerArray begun = new AtomicIntegerArray(PASSING);
        AtomicIntegerArray done = new AtomicIntegerArray(PASSING);
        AtomicBoolean isWriting = new AtomicBoolean(true);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            Runnable searching = () -> {
                do {
                    searchOnce(shared, begun, done);
                } while (isWriting.get());
            };
            Runnable building = () -> {
                do {
                    shared.refreshGraph(Runnable::run, POOL, () -> true);
                } while (isWriting.get());
            };
            List<Future<?>> running =
                    List.of(threads.submit(searching), threads.submit(searching), threads.submit(building));
            Random chance = new Random(5);
            for (int write = 0; write < 200_000 || shared.graphs() < 20; write++) {
                int item = chance.nextInt(PASSING);
                int version = done.get(item) + 1;
                if (write % 4 == 0) {
                    int other = chance.nextInt(STEADY);
                    shared.upsert(onArc("steady" + other, steady(other, write % 8 / 4)), 1);
                } else if (version <= LAST_VERSION) {
                    begun.set(item, version);
                    if (version % 2 == 1) {
                        shared.remove("passing" + item);
                    } else {
                        shared.upsert(onArc("passing" + item, passing(item, version)), 1);
                    }
                    done.set(item, version);
                }
            }
            isWriting.set(false);
            for (Future<?> one : running) {
                one.get();
            }
        } finally {
            isWriting.set(false);
            threads.shutdownNow();
        }
        assertThat(byGraph.get()).as("searches answered by a graph").isGreaterThan(20);
    }

    private static void searchOnce(ItemIndex shared, AtomicIntegerArray begun, AtomicIntegerArray done) {
        int[] before = IntStream.range(0, PASSING).map(done::get).toArray();
        List<ScoredItem> found = shared.search(new float[] {1, 0}, 130, item -> false);
        int[] after = IntStream.range(0, PASSING).map(begun::get).toArray();

        Map<String, Float> scores = new HashMap<>();
        found.forEach(each -> scores.put(each.item(), each.score()));
        assertThat(scores).as("each once").hasSize(130);
        for (int item = 0; item < STEADY; item++) {
            assertThat(scores.get("steady" + item)).as("steady" + item).isIn(steady(item, 0), steady(item, 1));
        }
        for (int item = 0; item < PASSING; item++) {
            Float score = scores.get("passing" + item);
            if (score != null) {
                int version = Math.round((score - passing(item, 0)) * (1 << 20));
                assertThat(version).as("passing" + item).isBetween(before[item], after[item]);
                assertThat(version % 2).as("passing%s was there", item).isZero();
            } else {
                boolean stayed = before[item] == after[item] && before[item] % 2 == 0;
                assertThat(stayed)
                        .as("passing%s stayed and was not found", item)
                        .isFalse();
            }
        }
    }

    private static float passing(int item, int version) {
        return item / 256f + version / (float) (1 << 20);
    }

    private static float steady(int item, int vector) {
        return 0.5f + item / 64f + vector / 128f;
    }

    private static ItemEmbedding onArc(String item, float first) {
        float[] vector = {first, (float) Math.sqrt(1 - (double) first * first)};
        return new ItemEmbedding(item, Optional.of(vector), "g", 1, 0, 0);
    }

    private boolean refresh() {
        return index.refreshGraph(Runnable::run, POOL, () -> true);
    }

    private void fill(int items) {
        for (int item = 0; item < items; item++) {
            index.upsert(embedding("i" + item, unit(random)), 1);
        }
    }

    private List<ScoredItem> search(int k, Predicate<String> excluded) {
        return index.search(unit(random), k, excluded);
    }

    private static ItemEmbedding embedding(String item, float[] vector) {
        return embedding(item, vector, "red");
    }

    private static ItemEmbedding embedding(String item, float[] vector, String colour) {
        return new ItemEmbedding(
                item,
                Optional.of(vector),
                "g",
                1,
                0,
                0,
                PublishedPopularity.NONE,
                Features.of(Map.of("colour", new FeatureValue.Category(colour))));
    }

    private static float[] unit(Random random) {
        double[] drawn = random.doubles(DIM, -1, 1).toArray();
        double length = Math.sqrt(Arrays.stream(drawn).map(x -> x * x).sum());
        float[] vector = new float[DIM];
        for (int d = 0; d < DIM; d++) {
            vector[d] = (float) (drawn[d] / length);
        }
        return vector;
    }

    private static Set<String> itemsOf(List<ScoredItem> found) {
        return found.stream().map(ScoredItem::item).collect(Collectors.toCollection(HashSet::new));
    }

    /** True, and does something the first time it is asked. */
    private static final class AskedOnce implements BooleanSupplier {
        private final Runnable first;
        private boolean isAsked;

        AskedOnce(Runnable first) {
            this.first = first;
        }

        @Override
        public boolean getAsBoolean() {
            if (!isAsked) {
                isAsked = true;
                first.run();
            }
            return true;
        }
    }
}
