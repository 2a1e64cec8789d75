package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.model.engine.Loops;
import dev.millrace.publish.ItemEmbedding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ByteVectorTest {

    /** Vectors of all kinds: dense, of few components, of one large and many small ones, tiny, huge, and of zeros. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64, 129})
    void noScoreIsLargerThanItsBound(int dim) {
        Random random = new Random(dim);
        for (int round = 0; round < 20_000; round++) {
            float[] query = vector(random, dim);
            float[] item = random.nextInt(10) == 0 ? query : vector(random, dim);

            float score = InnerProduct.of(query, 0, item, 0, dim);

            assertThat(bound(query, item)).isGreaterThanOrEqualTo(score);
        }
    }

    /** A bound that is far above would make the floats be read for all items. */
    @Test
    void aBoundIsNearTheScoreOfUnitVectors() {
        Random random = new Random(5);
        for (int round = 0; round < 1_000; round++) {
            float[] query = unit(random, 64);
            float[] item = unit(random, 64);

            assertThat(bound(query, item) - InnerProduct.of(query, 0, item, 0, 64))
                    .isBetween(0f, 0.03f);
        }
    }

    /** Once the Vector API is compiled: the answer is that of all scores, sorted. */
    @Test
    void bytesFirstFindWhatFloatsFind() {
        await().atMost(Duration.ofMinutes(1)).until(() -> Loops.now().areBytesFast());
        int dim = 24;
        int items = 3_000;
        Random random = new Random(9);
        ItemIndex index = new ItemIndex(dim);
        List<float[]> vectors = new ArrayList<>();
        for (int item = 0; item < items; item++) {
            vectors.add(random.nextInt(3) == 0 ? vector(random, dim) : unit(random, dim));
            index.upsert(embedding(item, vectors.get(item)), item);
        }
        for (int gone = 0; gone < 500; gone++) { // others take their rows
            index.remove("i" + gone);
        }
        for (int round = 0; round < 50; round++) {
            float[] query = unit(random, dim);
            List<ScoredItem> expected = IntStream.range(500, items)
                    .mapToObj(item -> new ScoredItem("i" + item, InnerProduct.of(query, 0, vectors.get(item), 0, dim)))
                    .sorted(ScoredItem.BEST_FIRST)
                    .limit(30)
                    .toList();

            assertThat(index.search(new Search(query, 30, item -> false))).isEqualTo(expected);
        }
    }

    private static ItemEmbedding embedding(int item, float[] vector) {
        return new ItemEmbedding("i" + item, Optional.of(vector), "g", 1, 0, 0);
    }

    private static float bound(float[] query, float[] item) {
        ByteVector one = ByteVector.of(query);
        ByteVector other = ByteVector.of(item);
        int[] products = new int[Loops.BYTE_BLOCK];
        for (int d = 0; d < item.length; d++) {
            products[1] += one.numbers()[d] * other.numbers()[d];
        }
        float[] bounds = new float[Loops.BYTE_BLOCK];
        one.bounds(
                products, second(other.scale()), second(other.left()), second(other.kept()), Loops.BYTE_BLOCK, bounds);
        return bounds[1];
    }

    private static float[] second(float number) {
        float[] numbers = new float[Loops.BYTE_BLOCK];
        numbers[1] = number;
        return numbers;
    }

    private static float[] unit(Random random, int dim) {
        float[] vector = new float[dim];
        double squares = 0;
        for (int d = 0; d < dim; d++) {
            vector[d] = (float) random.nextGaussian();
            squares += vector[d] * vector[d];
        }
        for (int d = 0; d < dim; d++) {
            vector[d] /= (float) Math.sqrt(squares);
        }
        return vector;
    }

    private static float[] vector(Random random, int dim) {
        float size = (float) Math.pow(10, random.nextInt(9) - 4);
        int kind = random.nextInt(5);
        float[] vector = new float[dim];
        for (int d = 0; d < dim; d++) {
            boolean isZero = kind == 0 || (kind == 1 && random.nextInt(4) > 0);
            vector[d] = isZero ? 0 : size * (float) random.nextGaussian() * (kind == 2 && d > 0 ? 1e-6f : 1);
        }
        if (kind == 3) {
            vector[random.nextInt(dim)] = Float.MIN_VALUE * (1 + random.nextInt(1000));
        }
        return vector;
    }
}
