package dev.millrace.state;

import java.math.BigInteger;
import java.util.Arrays;

/** {@link Hash128} as its documentation has it, in whole numbers without bounds. Slow. */
final class Hash128Reference {

    private static final int BLOCK = 16;
    private static final BigInteger[] P = {
        new BigInteger("2d358dccaa6c78a5", 16),
        new BigInteger("8bb84b93962eacc9", 16),
        new BigInteger("4b33a62ed433d4a3", 16),
        new BigInteger("4d5a2da51de1aa47", 16)
    };
    private static final BigInteger WORDS = BigInteger.ONE.shiftLeft(Long.SIZE);

    private Hash128Reference() {}

    static Hash128 of(byte[] bytes, Hash128 seed) {
        BigInteger p = P[0].xor(unsigned(seed.first()));
        BigInteger q = P[1].xor(unsigned(seed.second()));
        BigInteger[] left = {P[2], P[2]}; // a and c
        BigInteger[] right = {P[3], P[3]}; // b and d
        int whole = bytes.length / BLOCK;
        for (int block = 0; block <= whole; block++) {
            int pair = block == whole ? 1 : block % 2;
            byte[] words = Arrays.copyOf(
                    Arrays.copyOfRange(bytes, block * BLOCK, Math.min(bytes.length, (block + 1) * BLOCK)), BLOCK);
            BigInteger x = word(words, 0);
            BigInteger y = word(words, BLOCK / 2);
            left[pair] = fold(x.xor(p), y.xor(left[pair]));
            right[pair] = fold(x.xor(right[pair]), y.xor(q));
        }
        BigInteger n = BigInteger.valueOf(bytes.length);
        BigInteger first = fold(fold(left[0].xor(P[0]), left[1].xor(P[1])).xor(n), P[2]);
        BigInteger second = fold(fold(right[0].xor(P[1]), right[1].xor(P[0])).xor(n), P[3]);
        return new Hash128(first.longValue(), second.longValue());
    }

    private static BigInteger fold(BigInteger u, BigInteger v) {
        BigInteger[] halves = u.multiply(v).divideAndRemainder(WORDS);
        return halves[0].xor(halves[1]);
    }

    private static BigInteger word(byte[] bytes, int from) {
        BigInteger word = BigInteger.ZERO;
        for (int at = from + BLOCK / 2 - 1; at >= from; at--) {
            word = word.shiftLeft(Byte.SIZE).add(BigInteger.valueOf(bytes[at] & 0xff));
        }
        return word;
    }

    private static BigInteger unsigned(long word) {
        return new BigInteger(Long.toUnsignedString(word));
    }
}
