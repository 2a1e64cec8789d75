package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
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
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScanTest {

    private static final int DIM = 24;
    private static final String NUMBER = "number";
    private static final int NUMBERS = 1_000;
    private static final long HOUR = 3_600_000;

    /** Once the Vector API is compiled: the answer is that of all scores, sorted, to the bit, whatever share of the items passes a filter. */
    @ParameterizedTest
    @CsvSource({
        "1, 1000",
        "900, 1000",
        "3000, 1000",
        "5000, 500",
        "5000, 100",
        "5000, 30",
        "5000, 10",
        "5000, 1",
        "5000, 0"
    })
    void bytesFirstFindWhatFloatsFind(int items, int passing) {
        await().atMost(Duration.ofMinutes(1)).until(() -> Loops.now().areBytesFast());
        Random random = new Random(items + passing);
        ItemIndex index = new ItemIndex(DIM);
        List<float[]> vectors = new ArrayList<>();
        int[] numbers = random.ints(items, 0, NUMBERS).toArray();
        for (int item = 0; item < items; item++) {
            vectors.add(vector(random));
            index.upsert(embedding(item, vectors.get(item), numbers[item], random), item);
        }
        int gone = items / 6;
        for (int item = 0; item < gone; item++) { // others take their rows
            index.remove("i" + item);
        }
        ItemFilter filter = passing == NUMBERS
                ? ItemFilter.NONE
                : new ItemFilter(List.of(new ItemFilter.Between(NUMBER, 0, passing - 1.0)));
        for (int round = 0; round < 20; round++) {
            float[] query = vector(random);
            int k = 1 + random.nextInt(150);
            Set<String> excluded = new HashSet<>();
            Map<String, Float> added = new HashMap<>();
            for (int at = random.nextInt(40); at > 0; at--) {
                excluded.add("i" + random.nextInt(items));
                added.put("i" + random.nextInt(items), (float) random.nextGaussian());
            }
            List<ScoredItem> expected = IntStream.range(gone, items)
                    .filter(item -> passing == NUMBERS || numbers[item] < passing)
                    .mapToObj(item -> new ScoredItem(
                            "i" + item, score(query, vectors.get(item), Optional.ofNullable(added.get("i" + item)))))
                    .filter(scored -> !excluded.contains(scored.item()))
                    .sorted(ScoredItem.BEST_FIRST)
                    .limit(k)
                    .toList();

            assertThat(index.search(new Search(query, k, excluded::contains, filter, PriorWeights.NONE, added)))
                    .isEqualTo(expected);

            // with weights: as a search that drops nothing, as it wants all
            PriorWeights weights =
                    new PriorWeights(random.nextGaussian(), random.nextGaussian() / 2, random.nextGaussian(), 0);
            assertThat(index.search(new Search(query, k, excluded::contains, filter, weights, added)))
                    .isEqualTo(
                            index.search(new Search(query, items, excluded::contains, filter, weights, added)).stream()
                                    .limit(k)
                                    .toList());
        }
    }

    private static float score(float[] query, float[] vector, Optional<Float> added) {
        float score = InnerProduct.of(query, 0, vector, 0, DIM);
        return added.map(more -> score + more).orElse(score);
    }

    private static ItemEmbedding embedding(int item, float[] vector, int number, Random random) {
        return new ItemEmbedding(
                "i" + item,
                Optional.of(vector),
                "g",
                1,
                HOUR * (1 + random.nextInt(100)),
                0,
                new PublishedPopularity(5 * random.nextDouble(), 24 * HOUR, false),
                HOUR * random.nextInt(100),
                Features.of(Map.of(NUMBER, new FeatureValue.Quantity(number))));
    }

    /** Of one length, or any. */
    private static float[] vector(Random random) {
        float[] vector = new float[DIM];
        double squares = 0;
        for (int d = 0; d < DIM; d++) {
            vector[d] = (float) random.nextGaussian();
            squares += vector[d] * vector[d];
        }
        float factor = (float) (random.nextInt(3) == 0 ? Math.pow(10, random.nextInt(5) - 2) : 1 / Math.sqrt(squares));
        for (int d = 0; d < DIM; d++) {
            vector[d] *= factor;
        }
        return vector;
    }
}
