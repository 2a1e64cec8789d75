package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.publish.ItemEmbedding;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ExactIndexTest {

    private static final long PUBLISHED_AT = 1_700_000_000_000L;

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
