package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.popularity.PriorWeights;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What searches see of an index that is written meanwhile. */
@Tag("slow")
class ItemIndexConcurrencyTest {

    private static final long PUBLISHED_AT = 1_700_000_000_000L;
    private static final int STEADY = 20; // and the next, of the invariants
    private static final int PASSING = 100;
    private static final int LAST_VERSION = 4_000;

    /*
     * The writer gives vector -n and number n together, so that their sum with weight 1 is 0 unless they are of two records.
     */
    @Test
    void searchesNeverSeeAVectorWithAnothersPopularity() throws Exception {
        ItemIndex index = new ItemIndex(1);
        for (int item = 0; item < 20; item++) {
            index.upsert(popular("item-" + item, 1), PUBLISHED_AT);
        }
        float[] query = {1};

        searchWhile(
                () -> {
                    Random random = new Random(7);
                    for (int change = 0; change < 300_000; change++) {
                        int number = random.nextInt(8);
                        String item = "item-" + random.nextInt(20);
                        index.upsert(popular(item, number), PUBLISHED_AT);
                    }
                },
                () -> assertThat(index.search(
                                new Search(query, 20, item -> false, ItemFilter.NONE, PriorWeights.ofPopularity(1))))
                        .hasSize(20)
                        .allMatch(found -> Math.abs(found.score()) < 1e-5));
    }

    @Test
    void anItemIsFoundByItsIdWhileOthersComeAndGo() throws Exception {
        ItemIndex index = new ItemIndex(1);
        index.upsert(popular("steady", 1), PUBLISHED_AT);

        searchWhile(
                () -> {
                    for (int round = 0; round < 20; round++) {
                        for (int item = 0; item < 3_000; item++) { // the table of ids grows, in the first round
                            index.upsert(popular("item-" + item, 1), PUBLISHED_AT);
                        }
                        for (int item = 0; item < 3_000; item++) {
                            index.remove("item-" + item);
                        }
                    }
                },
                () -> assertThat(index.item("steady")).isPresent());
    }

    /*
     * Every vector the writer gives has equal components, 1 or -1, so its inner product with (1, …, 1) is plus or minus dim;
     * half a vector gives something between. Few and wide vectors, so that reader and writer meet in one often.
     */
    @Test
    void searchesNeverSeeHalfAVector() throws Exception {
        int dim = 2_048;
        int items = 20;
        ItemIndex index = new ItemIndex(dim);
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
                () -> assertThat(index.search(new Search(vectors[0], items, item -> false)))
                        .hasSize(items)
                        .allMatch(found -> Math.abs(found.score()) == dim));
    }

    /*
     * Invariants, while one thread writes and two search:
     * - an item removed before the search began, and not put back before it ended, is not found;
     * - an item that was there all the time is found, once, with the score of its vector when the search began or of a later one.
     * Vectors lie on an arc, and the query (1, 0) scores an item by its first component, exactly. Those of 100 passing items say which
     * item and version they are of: i / 256 + version / 2^20; odd versions are removals. `begun` has an item's version before it is
     * written, `done` after. 20 steady items change between two vectors and never go; 300 others have negative scores and stay.
     */
    @Test
    void searchesHoldTheirInvariantsWhileItemsChange() throws Exception {
        ItemIndex shared = new ItemIndex(2);
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

        searchWhile(
                () -> {
                    Random random = new Random(5);
                    for (int write = 0; write < 200_000; write++) {
                        write(shared, write, random, begun, done);
                    }
                },
                () -> searchOnce(shared, begun, done));
    }

    private static void write(
            ItemIndex shared, int write, Random random, AtomicIntegerArray begun, AtomicIntegerArray done) {
        int item = random.nextInt(PASSING);
        int version = done.get(item) + 1;
        if (write % 4 == 0) {
            int other = random.nextInt(STEADY);
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

    private static void searchOnce(ItemIndex shared, AtomicIntegerArray begun, AtomicIntegerArray done) {
        int[] before = IntStream.range(0, PASSING).map(done::get).toArray();
        List<ScoredItem> found = shared.search(new Search(new float[] {1, 0}, 130, item -> false));
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

    /** An item whose popularity makes up for its score. */
    private static ItemEmbedding popular(String item, int number) {
        return new ItemEmbedding(
                item,
                Optional.of(new float[] {-number}),
                "g",
                1,
                0,
                0,
                new PublishedPopularity(number, 1_000_000, false));
    }

    private static float[] constant(int dim, float value) {
        float[] vector = new float[dim];
        Arrays.fill(vector, value);
        return vector;
    }
}
