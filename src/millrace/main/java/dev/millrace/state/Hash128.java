package dev.millrace.state;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A fast hash of 128 bits, the same on every machine. It finds what chance changes and <b>does not withstand an adversary</b>: who knows
 * the seed can make bytes of equal hashes. Where somebody may want that, take {@link Sha256}.
 *
 * <p>It multiplies and folds in the manner of Wang Yi's wyhash, with the constants of its final version 4
 * (https://github.com/wangyi-fudan/wyhash, {@code _wyp}):
 *
 * <pre>
 * fold(u, v) = high half of u v, xor its low half                          64 bits each, unsigned
 * p = P0 xor seed_1,  q = P1 xor seed_2,  a = c = P2,  b = d = P3
 * a, b = fold(x xor p, y xor a), fold(x xor b, y xor q)                    for the 1st, 3rd .. whole block of 16 bytes, x and y
 * c, d likewise                                                            for the 2nd, 4th .., and for the last block
 * hash = fold(fold(a xor P0, c xor P1) xor n, P2), fold(fold(b xor P1, d xor P0) xor n, P3)           n bytes in all
 * </pre>
 *
 * <p>Words are little-endian. The last block is what is left behind the whole ones, filled up with zeros; it comes even if nothing is left.
 *
 * <p>Each block meets two products with different constants, so that one does not hide what the other shows. Blocks take turns at two pairs,
 * so that a product need not wait for the one before.
 */
record Hash128(long first, long second) {

    static final Hash128 NO_SEED = new Hash128(0, 0);

    private static final long P0 = 0x2d358dccaa6c78a5L;
    private static final long P1 = 0x8bb84b93962eacc9L;
    private static final long P2 = 0x4b33a62ed433d4a3L;
    private static final long P3 = 0x4d5a2da51de1aa47L;

    private static final int WORD = Long.BYTES;
    private static final int BLOCK = 2 * WORD;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    static Hash128 of(byte[] bytes, Hash128 seed) {
        long p = P0 ^ seed.first;
        long q = P1 ^ seed.second;
        long a = P2;
        long b = P3;
        long c = P2;
        long d = P3;
        int at = 0;
        for (; at + 2 * BLOCK <= bytes.length; at += 2 * BLOCK) {
            long x = word(bytes, at);
            long y = word(bytes, at + WORD);
            a = fold(x ^ p, y ^ a);
            b = fold(x ^ b, y ^ q);
            long z = word(bytes, at + BLOCK);
            long w = word(bytes, at + BLOCK + WORD);
            c = fold(z ^ p, w ^ c);
            d = fold(z ^ d, w ^ q);
        }
        if (at + BLOCK <= bytes.length) {
            long x = word(bytes, at);
            long y = word(bytes, at + WORD);
            a = fold(x ^ p, y ^ a);
            b = fold(x ^ b, y ^ q);
            at += BLOCK;
        }
        long z = lastWord(bytes, at);
        long w = lastWord(bytes, at + WORD);
        c = fold(z ^ p, w ^ c);
        d = fold(z ^ d, w ^ q);
        return new Hash128(
                fold(fold(a ^ P0, c ^ P1) ^ bytes.length, P2), fold(fold(b ^ P1, d ^ P0) ^ bytes.length, P3));
    }

    private static long word(byte[] bytes, int at) {
        return (long) LONG.get(bytes, at);
    }

    /** Returns what is left of the bytes from there on, at most a word, with zeros behind it. */
    private static long lastWord(byte[] bytes, int at) {
        int left = bytes.length - at;
        if (left <= 0) {
            return 0;
        }
        if (left >= WORD) {
            return word(bytes, at);
        }
        if (bytes.length >= WORD) {
            return word(bytes, bytes.length - WORD) >>> (Byte.SIZE * (WORD - left));
        }
        long last = 0;
        for (int index = bytes.length - 1; index >= at; index--) {
            last = (last << Byte.SIZE) | (bytes[index] & 0xff);
        }
        return last;
    }

    /** Java 17 has the high half of signed products only. */
    private static long fold(long u, long v) {
        long high = Math.multiplyHigh(u, v) + ((u >> 63) & v) + ((v >> 63) & u);
        return high ^ (u * v);
    }
}
