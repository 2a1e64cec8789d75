package dev.millrace.model.engine;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** {@link Loops} in the Vector API. Numbers behind the last whole vector go through {@link PlainLoops}. */
final class VectorLoops implements Loops {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    /** One lane for each sum of {@link Loops#dot}. */
    private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;

    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_PREFERRED;
    /** As many bytes as there are shorts. */
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(SHORTS.vectorBitSize() / 2));

    private final PlainLoops rest = new PlainLoops();

    @Override
    public void add(float[] into, int to, float[] from, int at, int width) {
        int d = 0;
        for (; d + LANES <= width; d += LANES) {
            FloatVector.fromArray(SPECIES, into, to + d)
                    .add(FloatVector.fromArray(SPECIES, from, at + d))
                    .intoArray(into, to + d);
        }
        if (d < width) {
            rest.add(into, to + d, from, at + d, width - d);
        }
    }

    @Override
    public void addScaled(float[] into, int to, float[] from, int at, int width, float factor) {
        int d = 0;
        for (; d + LANES <= width; d += LANES) {
            FloatVector.fromArray(SPECIES, into, to + d)
                    .add(FloatVector.fromArray(SPECIES, from, at + d).mul(factor))
                    .intoArray(into, to + d);
        }
        if (d < width) {
            rest.addScaled(into, to + d, from, at + d, width - d, factor);
        }
    }

    @Override
    public void addBiasRectified(float[] rows, int from, int to, float[] bias) {
        int width = bias.length;
        FloatVector zero = FloatVector.zero(SPECIES);
        for (int row = from; row < to; row++) {
            int at = row * width;
            int d = 0;
            for (; d + LANES <= width; d += LANES) {
                FloatVector sum =
                        FloatVector.fromArray(SPECIES, rows, at + d).add(FloatVector.fromArray(SPECIES, bias, d));
                // by a comparison, as the maximum of two vectors also has to look for NaN
                sum.blend(zero, sum.compare(VectorOperators.LE, zero)).intoArray(rows, at + d);
            }
            for (; d < width; d++) {
                rows[at + d] = Math.max(rows[at + d] + bias[d], 0f);
            }
        }
    }

    @Override
    public float dot(float[] left, int leftAt, float[] right, int rightAt, int width) {
        FloatVector sums = FloatVector.zero(FOUR);
        int d = 0;
        for (; d + FOUR.length() <= width; d += FOUR.length()) {
            sums = sums.add(
                    FloatVector.fromArray(FOUR, left, leftAt + d).mul(FloatVector.fromArray(FOUR, right, rightAt + d)));
        }
        return ended(sums, left, leftAt, right, rightAt, d, width);
    }

    /** Adds what is behind the last whole vector to the sums of a {@link #dot}. */
    private static float ended(
            FloatVector sums, float[] left, int leftAt, float[] right, int rightAt, int from, int width) {
        float s0 = sums.lane(0);
        for (int d = from; d < width; d++) {
            s0 += left[leftAt + d] * right[rightAt + d];
        }
        return (s0 + sums.lane(1)) + (sums.lane(2) + sums.lane(3));
    }

    /** Four products at once: a sum waits for its last addition, and in that time the others are added to. */
    @Override
    public void dots(float[] left, float[][] rights, int[] rightsAt, int width, float[] products) {
        int at = 0;
        for (; at + 4 <= rights.length; at += 4) {
            float[] right0 = rights[at];
            float[] right1 = rights[at + 1];
            float[] right2 = rights[at + 2];
            float[] right3 = rights[at + 3];
            int at0 = rightsAt[at];
            int at1 = rightsAt[at + 1];
            int at2 = rightsAt[at + 2];
            int at3 = rightsAt[at + 3];
            FloatVector sums0 = FloatVector.zero(FOUR);
            FloatVector sums1 = sums0;
            FloatVector sums2 = sums0;
            FloatVector sums3 = sums0;
            int d = 0;
            for (; d + FOUR.length() <= width; d += FOUR.length()) {
                FloatVector one = FloatVector.fromArray(FOUR, left, d);
                sums0 = sums0.add(one.mul(FloatVector.fromArray(FOUR, right0, at0 + d)));
                sums1 = sums1.add(one.mul(FloatVector.fromArray(FOUR, right1, at1 + d)));
                sums2 = sums2.add(one.mul(FloatVector.fromArray(FOUR, right2, at2 + d)));
                sums3 = sums3.add(one.mul(FloatVector.fromArray(FOUR, right3, at3 + d)));
            }
            products[at] = ended(sums0, left, 0, right0, at0, d, width);
            products[at + 1] = ended(sums1, left, 0, right1, at1, d, width);
            products[at + 2] = ended(sums2, left, 0, right2, at2, d, width);
            products[at + 3] = ended(sums3, left, 0, right3, at3, d, width);
        }
        for (; at < rights.length; at++) {
            products[at] = dot(left, 0, rights[at], rightsAt[at], width);
        }
    }

    @Override
    public float max(float[] numbers, int from, int to) {
        FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        int at = from;
        for (; at + LANES <= to; at += LANES) {
            max = max.max(FloatVector.fromArray(SPECIES, numbers, at));
        }
        return Math.max(max.reduceLanes(VectorOperators.MAX), rest.max(numbers, at, to));
    }

    @Override
    public boolean areFinite(float[] numbers, int from, int to) {
        FloatVector sums = FloatVector.zero(SPECIES);
        int at = from;
        for (; at + LANES <= to; at += LANES) {
            sums = sums.add(FloatVector.fromArray(SPECIES, numbers, at).mul(0f));
        }
        return sums.reduceLanes(VectorOperators.ADD) == 0f && rest.areFinite(numbers, at, to);
    }

    @Override
    public int countAbove(float[] numbers, int from, int to, float mark) {
        FloatVector marks = FloatVector.broadcast(SPECIES, mark);
        int count = 0;
        int at = from;
        for (; at + LANES <= to; at += LANES) {
            count += FloatVector.fromArray(SPECIES, numbers, at)
                    .compare(VectorOperators.GT, marks)
                    .trueCount();
        }
        return count + rest.countAbove(numbers, at, to, mark);
    }

    @Override
    public int countBelow(float[] numbers, int from, int to, float mark) {
        FloatVector marks = FloatVector.broadcast(SPECIES, mark);
        int count = 0;
        int at = from;
        for (; at + LANES <= to; at += LANES) {
            count += FloatVector.fromArray(SPECIES, numbers, at)
                    .compare(VectorOperators.LT, marks)
                    .trueCount();
        }
        return count + rest.countBelow(numbers, at, to, mark);
    }

    /**
     * Two groups of bytes at once, so that a number of the row is spread over the lanes once for both. A sum of two products has 16 bits. Seen as ints, a vector
     * of such sums has an even place's in the lower half of a lane and the odd one's in the upper half, which shifts take apart.
     */
    @Override
    public void byteProducts(short[] row, byte[] bytes, int columns, int[] products) {
        int group = SHORTS.length();
        for (int block = 0; block < columns; block += BYTE_BLOCK) {
            for (int place = 0; place < BYTE_BLOCK; place += 2 * group) {
                IntVector even0 = IntVector.zero(INTS);
                IntVector even1 = IntVector.zero(INTS);
                IntVector odd0 = IntVector.zero(INTS);
                IntVector odd1 = IntVector.zero(INTS);
                int at = block * row.length + place;
                for (int p = 0; p < row.length; p += 2) {
                    ShortVector one = ShortVector.broadcast(SHORTS, row[p]);
                    ShortVector other = ShortVector.broadcast(SHORTS, row[p + 1]);
                    IntVector first = shorts(bytes, at)
                            .mul(one)
                            .add(shorts(bytes, at + BYTE_BLOCK).mul(other))
                            .reinterpretAsInts();
                    IntVector second = shorts(bytes, at + group)
                            .mul(one)
                            .add(shorts(bytes, at + group + BYTE_BLOCK).mul(other))
                            .reinterpretAsInts();
                    even0 = even0.add(lower(first));
                    even1 = even1.add(lower(second));
                    odd0 = odd0.add(first.lanewise(VectorOperators.ASHR, 16));
                    odd1 = odd1.add(second.lanewise(VectorOperators.ASHR, 16));
                    at += 2 * BYTE_BLOCK;
                }
                int even = block + place / 2;
                int odd = even + BYTE_BLOCK / 2;
                even0.intoArray(products, even);
                even1.intoArray(products, even + LANES);
                odd0.intoArray(products, odd);
                odd1.intoArray(products, odd + LANES);
            }
        }
    }

    /** The lower halves of ints, as numbers. */
    private static IntVector lower(IntVector halves) {
        return halves.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
    }

    private static ShortVector shorts(byte[] bytes, int at) {
        return (ShortVector) ByteVector.fromArray(BYTES, bytes, at).castShape(SHORTS, 0);
    }

    @Override
    public boolean areBytesFast() {
        return true;
    }

    @Override
    public void combine(
            float a,
            float[] x,
            int[] n,
            float b,
            float[] y,
            float c,
            float[] z,
            float d,
            int count,
            float[] sum,
            float[] rest) {
        for (int at = 0; at < count; at += LANES) {
            FloatVector whole = (FloatVector) IntVector.fromArray(INTS, n, at).convert(VectorOperators.I2F, 0);
            FloatVector others = FloatVector.fromArray(SPECIES, y, at)
                    .mul(b)
                    .add(FloatVector.fromArray(SPECIES, z, at).mul(c))
                    .add(d);
            others.intoArray(rest, at);
            FloatVector.fromArray(SPECIES, x, at).mul(a).mul(whole).add(others).intoArray(sum, at);
        }
    }
}
