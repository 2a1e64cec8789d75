package dev.millrace.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class Hash128Test {

    private static final int BITS = 128;

    @Test
    void isThatOfTheReferenceForAllLengths() {
        SplittableRandom random = new SplittableRandom(1);
        for (int length = 0; length <= 100; length++) {
            byte[] zeros = new byte[length];
            byte[] ones = new byte[length];
            Arrays.fill(ones, (byte) -1);
            byte[] drawn = new byte[length];
            random.nextBytes(drawn);
            Hash128 seed = new Hash128(random.nextLong(), random.nextLong());
            for (byte[] bytes : new byte[][] {zeros, ones, drawn}) {
                assertThat(Hash128.of(bytes, Hash128.NO_SEED)).isEqualTo(Hash128Reference.of(bytes, Hash128.NO_SEED));
                assertThat(Hash128.of(bytes, seed)).isEqualTo(Hash128Reference.of(bytes, seed));
            }
        }
    }

    @Test
    void staysWhatItIs() {
        // computed by the formula in Python; stored digests depend on it
        assertThat(hash("")).isEqualTo("0dcbfe57d8122ef43a913d1e10986820");
        assertThat(hash("item-1")).isEqualTo("db53f10d4ed6f4a7890b73f4d9a14ddf");
        assertThat(hash("The quick brown fox jumps over the lazy dog")).isEqualTo("118bfe240399856ee772cba977b242dd");
    }

    @Test
    void eachBitOfTheInputTurnsHalfOfTheOutput() {
        SplittableRandom random = new SplittableRandom(2);
        for (int length : new int[] {5, 7, 8, 16, 33, 64}) {
            double[] turned = new double[BITS];
            int changes = 0;
            for (int round = 0; round < 400 / length + 4; round++) {
                byte[] bytes = new byte[length];
                random.nextBytes(bytes);
                Hash128 before = Hash128.of(bytes, Hash128.NO_SEED);
                for (int bit = 0; bit < Byte.SIZE * length; bit++) {
                    bytes[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
                    Hash128 after = Hash128.of(bytes, Hash128.NO_SEED);
                    bytes[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
                    long first = before.first() ^ after.first();
                    long second = before.second() ^ after.second();
                    assertThat(Long.bitCount(first) + Long.bitCount(second)).isBetween(24, 104); // 7 deviations of 5.7
                    for (int each = 0; each < BITS; each++) {
                        turned[each] += (each < Long.SIZE ? first : second) >>> each & 1;
                    }
                    changes++;
                }
            }
            double fiveDeviations = 5 * 0.5 / Math.sqrt(changes);
            for (double count : turned) {
                assertThat(count / changes).isCloseTo(0.5, within(fiveDeviations));
            }
        }
    }

    @Test
    void tellsZerosOfDifferentLengthsApart() {
        Set<Long> firsts = new HashSet<>();
        Set<Long> seconds = new HashSet<>();
        for (int length = 0; length < 1_000; length++) {
            Hash128 hash = Hash128.of(new byte[length], Hash128.NO_SEED);
            firsts.add(hash.first());
            seconds.add(hash.second());
        }

        assertThat(firsts).hasSize(1_000);
        assertThat(seconds).hasSize(1_000);
    }

    @Test
    void eachHalfSpreadsNumberedKeys() {
        int keys = 1 << 16;
        int[][] buckets = new int[4][256]; // by the highest and the lowest byte of either half
        for (int key = 0; key < keys; key++) {
            Hash128 hash = Hash128.of(("item-" + key).getBytes(StandardCharsets.US_ASCII), Hash128.NO_SEED);
            buckets[0][(int) (hash.first() >>> 56)]++;
            buckets[1][(int) hash.first() & 0xff]++;
            buckets[2][(int) (hash.second() >>> 56)]++;
            buckets[3][(int) hash.second() & 0xff]++;
        }
        for (int[] of : buckets) {
            double expected = keys / 256.0;
            double chiSquare = Arrays.stream(of)
                    .mapToDouble(count -> (count - expected) * (count - expected) / expected)
                    .sum();
            assertThat(chiSquare).isBetween(255 - 5 * 22.6, 255 + 5 * 22.6); // 255 degrees: deviation sqrt(2 · 255)
        }
    }

    private static String hash(String text) {
        Hash128 hash = Hash128.of(text.getBytes(StandardCharsets.US_ASCII), Hash128.NO_SEED);
        return "%016x%016x".formatted(hash.first(), hash.second());
    }
}
