package dev.millrace.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PanelProductsTest {

    private static final int CASES = 300;

    private final Random random = new Random(7);
    private final Products plain = new PanelProducts(PlainTile::new, Team.alone());
    private final Tile vectorTile = Warmth.vectorTile().orElseThrow();
    private final Products vector = new PanelProducts(() -> vectorTile, Team.alone());

    /** Any of the three products, by the shapes of its factors. */
    private interface Kind {
        void run(Products products, float[] a, float[] b, float[] c, int m, int k, int n, float factor);
    }

    private static final Kind PLAIN = Products::multiply;
    private static final Kind LEFT = Products::multiplyTransposedLeft;
    private static final Kind RIGHT = Products::multiplyTransposedRight;

    @Test
    void vectorsAndPlainLoopsHaveTheSameBits() {
        for (int at = 0; at < CASES; at++) {
            assertSameBits(vector, 1 + random.nextInt(70), 1 + random.nextInt(300), 1 + random.nextInt(90));
        }
    }

    @Test
    void aTeamHasTheBitsOfOneThread() {
        try (Team team = new Team("test", 3)) {
            Products shared = new PanelProducts(PlainTile::new, team);
            for (int at = 0; at < 20; at++) {
                assertSameBits(shared, 100 + random.nextInt(100), 100 + random.nextInt(100), 50 + random.nextInt(100));
            }
        }
    }

    private void assertSameBits(Products others, int m, int k, int n) {
        float[] a = numbers(m * k);
        float[] b = numbers(k * n);
        for (Kind kind : new Kind[] {PLAIN, LEFT, RIGHT}) {
            assertThat(product(kind, others, a, b, m, k, n)).isEqualTo(product(kind, plain, a, b, m, k, n));
        }
    }

    @Test
    void productsAreThoseOfTheFormula() {
        int m = 13;
        int k = 37;
        int n = 41;
        float[] a = numbers(m * k);
        float[] b = numbers(k * n);
        float[] at = transposed(a, m, k);
        float[] bt = transposed(b, k, n);

        float[] c = product(PLAIN, vector, a, b, m, k, n);

        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int p = 0; p < k; p++) {
                    sum += (double) a[i * k + p] * b[p * n + j];
                }
                assertThat((double) c[i * n + j]).isCloseTo(1.5 * sum, within(1e-4));
            }
        }
        assertThat(product(LEFT, vector, at, b, m, k, n)).isEqualTo(c);
        assertThat(product(RIGHT, vector, a, bt, m, k, n)).isEqualTo(c);
    }

    /** Shapes grow and shrink, and arrays are longer than their matrices: a step's buffers are so too. */
    @Test
    void productsOfBlasAgreeWhateverWasMultipliedBefore() {
        Products blas = new BlasProducts();
        Kind[] kinds = {PLAIN, LEFT, RIGHT};
        for (int at = 0; at < 60; at++) {
            int m = 1 + random.nextInt(40);
            int k = 1 + random.nextInt(60);
            int n = 1 + random.nextInt(50);
            float[] a = numbers(m * k + random.nextInt(9));
            float[] b = numbers(k * n + random.nextInt(9));
            float[] expected = product(kinds[at % kinds.length], plain, a, b, m, k, n);
            float[] c = new float[m * n + 1];

            kinds[at % kinds.length].run(blas, a, b, c, m, k, n, 1.5f);

            assertThat(Arrays.copyOf(c, m * n)).containsExactly(expected, within(2e-5f));
            assertThat(c[m * n]).isZero();
        }
    }

    private static float[] product(Kind kind, Products products, float[] a, float[] b, int m, int k, int n) {
        float[] c = new float[m * n];
        kind.run(products, a, b, c, m, k, n, 1.5f);
        return c;
    }

    private float[] numbers(int count) {
        float[] numbers = new float[count];
        for (int at = 0; at < count; at++) {
            numbers[at] = (float) random.nextGaussian();
        }
        return numbers;
    }

    private static float[] transposed(float[] matrix, int rows, int columns) {
        float[] turned = new float[matrix.length];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                turned[column * rows + row] = matrix[row * columns + column];
            }
        }
        return turned;
    }
}
