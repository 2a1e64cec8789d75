package dev.millrace.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class BlasProductsTest {

    private static final float UNTOUCHED = 7f;

    private final Random random = new Random(3);
    private final Products heap = new PanelProducts(new PlainTile(), Team.alone());
    private final Products blas = new BlasProducts();

    /** Any of the three products, by the shapes of its factors. */
    private interface Kind {
        void run(Products products, float[] a, float[] b, float[] c, int m, int k, int n, float factor);
    }

    /** Shapes grow and shrink, and arrays are longer than their matrices: a step's buffers are so too. */
    @Test
    void productsAgreeWithThoseOnTheHeapWhateverWasMultipliedBefore() {
        Kind[] kinds = {Products::multiply, Products::multiplyTransposedLeft, Products::multiplyTransposedRight};
        for (int at = 0; at < 60; at++) {
            int m = 1 + random.nextInt(40);
            int k = 1 + random.nextInt(60);
            int n = 1 + random.nextInt(50);
            float[] a = numbers(m * k + random.nextInt(9));
            float[] b = numbers(k * n + random.nextInt(9));
            float[] expected = new float[m * n];
            float[] c = new float[m * n + 1];
            c[m * n] = UNTOUCHED;

            kinds[at % kinds.length].run(heap, a, b, expected, m, k, n, 0.5f);
            kinds[at % kinds.length].run(blas, a, b, c, m, k, n, 0.5f);

            for (int i = 0; i < m * n; i++) {
                assertThat(c[i]).isCloseTo(expected[i], within(1e-5f));
            }
            assertThat(c[m * n]).isEqualTo(UNTOUCHED);
        }
    }

    private float[] numbers(int count) {
        float[] numbers = new float[count];
        for (int at = 0; at < count; at++) {
            numbers[at] = (float) random.nextGaussian();
        }
        return numbers;
    }
}
