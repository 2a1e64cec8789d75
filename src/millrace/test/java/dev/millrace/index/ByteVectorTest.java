package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.model.engine.Loops;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ByteVectorTest {

    /** Vectors of all kinds: dense, of few components, of one large and many small ones, tiny, huge, and of zeros. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64, 129})
    void aScoreLiesBetweenItsBounds(int dim) {
        Random random = new Random(dim);
        for (int round = 0; round < 20_000; round++) {
            float[] query = vector(random, dim);
            float[] item = random.nextInt(10) == 0 ? query : vector(random, dim);

            float score = InnerProduct.of(query, 0, item, 0, dim);

            ScoreBounds bounds = bounds(query, item);
            assertThat(bounds.upper()[1]).isGreaterThanOrEqualTo(score);
            assertThat(bounds.lower(1)).isLessThanOrEqualTo(score);
        }
    }

    /** What is added is rounded with the score, and with its bounds. */
    @Test
    void aScoreLiesBetweenItsBoundsWhateverIsAddedToBoth() {
        Random random = new Random(11);
        for (int round = 0; round < 20_000; round++) {
            float[] query = unit(random, 16);
            float[] item = unit(random, 16);
            float score = InnerProduct.of(query, 0, item, 0, 16);
            ScoreBounds bounds = bounds(query, item);

            float sum = score;
            for (int term = random.nextInt(3); term >= 0; term--) {
                // nearly what takes the sum away, or much
                float added = random.nextBoolean()
                        ? -sum * (1 + 1e-6f * random.nextInt(5))
                        : (float) (random.nextGaussian() * Math.pow(10, random.nextInt(12) - 3));
                sum += added;
                bounds.add(1, added);
            }

            assertThat(bounds.upper()[1]).isGreaterThanOrEqualTo(sum);
            assertThat(bounds.lower(1)).isLessThanOrEqualTo(sum);
        }
    }

    /** A bound that is far above would make the floats be read for all items. */
    @Test
    void aBoundIsNearTheScoreOfUnitVectors() {
        Random random = new Random(5);
        for (int round = 0; round < 1_000; round++) {
            float[] query = unit(random, 64);
            float[] item = unit(random, 64);

            ScoreBounds bounds = bounds(query, item);
            float score = InnerProduct.of(query, 0, item, 0, 64);
            assertThat(bounds.upper()[1] - score).isBetween(0f, 0.03f);
            assertThat(score - bounds.lower(1)).isBetween(0f, 0.03f);
        }
    }

    /** Of the row at 1. */
    private static ScoreBounds bounds(float[] query, float[] item) {
        ByteVector one = ByteVector.of(query);
        ByteVector other = ByteVector.of(item);
        ScoreBounds bounds = new ScoreBounds(true);
        for (int d = 0; d < item.length; d++) {
            bounds.sums()[1] += one.numbers()[d] * other.numbers()[d];
        }
        one.bounds(
                bounds.sums(),
                second(other.scale()),
                second(other.left()),
                second(other.kept()),
                Loops.BYTE_BLOCK,
                bounds.upper(),
                bounds.slack());
        return bounds;
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
