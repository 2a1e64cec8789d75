package dev.millrace.model.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The loops in the Vector API against plain ones, bit by bit: of any width, at any place, and for numbers that are not finite. */
class LoopsTest {

    private static final float[] SPECIAL = {
        0f, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, -Float.MAX_VALUE, 1e-39f
    };

    private final Loops plain = new PlainLoops();
    private final Loops vector = Warmth.vectorLoops().orElseThrow();

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 64, 100, 129})
    void haveTheBitsOfPlainLoops(int width) {
        for (int seed = 0; seed < 40; seed++) {
            boolean isFinite = seed % 2 == 0;
            float[] from = numbers(seed, width + 5, isFinite);
            float[] rows = numbers(seed + 1_000, 3 * width, isFinite);
            float[] bias = numbers(seed + 2_000, width, isFinite);
            same(rows, (loops, into) -> loops.add(into, width, from, 5, width));
            same(rows, (loops, into) -> loops.addScaled(into, width, from, 3, width, -0.3f));
            same(rows, (loops, into) -> loops.addBias(into, 1, 3, bias));
            same(rows, (loops, into) -> loops.addBiasRectified(into, 0, 2, bias));
            same(all(rows.length, -0f), (loops, into) -> loops.addBiasRectified(into, 0, 2, all(width, -0f)));
            same(rows, (loops, into) -> into[0] = loops.dot(from, 2, rows, width, width));
            for (int count : List.of(1, 4, 7)) { // of them at once, beside those that are left
                float[][] rights = new float[count][];
                Arrays.fill(rights, rows);
                int[] rightsAt = {0, width, 2 * width, 0, width, 0, width};
                float[] products = new float[7];
                same(rows, (loops, into) -> {
                    loops.dots(from, rights, rightsAt, width, products);
                    System.arraycopy(products, 0, into, 0, Math.min(count, into.length));
                });
            }
            same(rows, (loops, into) -> into[0] = loops.max(from, 2, 2 + width));
            same(rows, (loops, into) -> into[0] = loops.areFinite(from, 2, 2 + width) ? 1f : 0f);
            same(rows, (loops, into) -> into[0] = loops.countAbove(from, 2, 2 + width, from[3]));
            same(rows, (loops, into) -> into[0] = loops.countBelow(from, 2, 2 + width, from[3]));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 8, 64, 130})
    void multiplyBytesExactly(int length) {
        Random random = new Random(length);
        for (int round = 0; round < 20; round++) {
            int columns = Loops.BYTE_BLOCK * (1 + random.nextInt(4));
            short[] row = new short[length];
            byte[] bytes = new byte[length * columns];
            boolean isLargest = round == 0; // all products at their largest
            for (int at = 0; at < bytes.length; at++) {
                bytes[at] = (byte) (isLargest ? -127 : random.nextInt(255) - 127);
            }
            for (int p = 0; p < length; p++) {
                row[p] = (short) (isLargest ? 127 : random.nextInt(255) - 127);
            }
            int[] expected = new int[columns];
            for (int at = 0; at < bytes.length; at++) {
                expected[at % columns] += row[at / columns] * bytes[Loops.byteAt(length, at / columns, at % columns)];
            }
            assertThat(IntStream.range(0, bytes.length)
                            .map(at -> Loops.byteAt(length, at / columns, at % columns))
                            .distinct())
                    .as("places of bytes")
                    .hasSize(bytes.length);
            for (Loops loops : new Loops[] {plain, vector}) {
                int[] products = new int[columns];
                loops.byteProducts(row, bytes, columns, products);
                assertThat(products).isEqualTo(expected);
            }
        }
    }

    @Test
    void combineWithTheSameBits() {
        int count = 2 * Loops.BYTE_BLOCK;
        float[] x = numbers(1, count, true);
        float[] y = numbers(2, count, true);
        float[] z = numbers(3, count, true);
        int[] n = new Random(4).ints(count, -2_000_000, 2_000_000).toArray();
        float[] expected = new float[count];
        float[] expectedRest = new float[count];
        for (int at = 0; at < count; at++) {
            float product = 0.3f * x[at];
            product *= n[at];
            float left = 1.7f * y[at];
            float right = -0.9f * z[at];
            float both = left + right;
            expectedRest[at] = both + 1e-3f;
            expected[at] = product + expectedRest[at];
        }
        for (Loops loops : new Loops[] {plain, vector}) {
            float[] sum = new float[count];
            float[] rest = new float[count];
            loops.combine(0.3f, x, n, 1.7f, y, -0.9f, z, 1e-3f, count, sum, rest);
            assertThat(sum).isEqualTo(expected);
            assertThat(rest).isEqualTo(expectedRest);
        }
    }

    /** What they compute, and not only that they agree. */
    @ParameterizedTest
    @ValueSource(ints = {5, 16, 40})
    void computeWhatTheySay(int width) {
        for (Loops loops : new Loops[] {plain, vector}) {
            float[] ones = all(width, 1f);
            float[] into = new float[2 * width];
            loops.addScaled(into, width, ones, 0, width, 2f);
            loops.add(into, width, ones, 0, width);
            assertThat(into[width - 1]).isZero();
            assertThat(into[width]).isEqualTo(3f);
            assertThat(into[2 * width - 1]).isEqualTo(3f);
            assertThat(loops.dot(into, width, ones, 0, width)).isEqualTo(3f * width);
            loops.addScaled(into, width, ones, 0, width, -4f);
            loops.addBias(into, 0, 1, ones);
            loops.addBiasRectified(into, 1, 2, new float[width]);
            assertThat(into[width - 1]).isEqualTo(1f);
            assertThat(into[width]).isZero();
            into[width] = 7f;
            assertThat(loops.max(into, 0, 2 * width)).isEqualTo(7f);
            assertThat(loops.countAbove(into, 0, 2 * width, 0f)).isEqualTo(width + 1);
            assertThat(loops.countBelow(into, 0, 2 * width, 1f)).isEqualTo(width - 1);
            assertThat(loops.areFinite(into, 0, 2 * width)).isTrue();
            into[width] = Float.NaN;
            assertThat(loops.areFinite(into, 0, 2 * width)).isFalse();
        }
    }

    private static float[] all(int count, float number) {
        float[] numbers = new float[count];
        Arrays.fill(numbers, number);
        return numbers;
    }

    private interface Use {
        void of(Loops loops, float[] into);
    }

    private void same(float[] rows, Use use) {
        assertThat(bits(rows, into -> use.of(vector, into))).isEqualTo(bits(rows, into -> use.of(plain, into)));
    }

    /** The bits of the numbers after a use; all that are NaN have the same. */
    private static int[] bits(float[] rows, Consumer<float[]> use) {
        float[] into = rows.clone();
        use.accept(into);
        int[] bits = new int[into.length];
        Arrays.setAll(bits, at -> Float.floatToIntBits(into[at]));
        return bits;
    }

    private static float[] numbers(long seed, int count, boolean areFinite) {
        Random random = new Random(seed);
        float[] numbers = new float[count];
        for (int at = 0; at < count; at++) {
            numbers[at] = !areFinite && random.nextInt(20) == 0
                    ? SPECIAL[random.nextInt(SPECIAL.length)]
                    : (float) random.nextGaussian();
        }
        return numbers;
    }
}
