package dev.millrace.model.engine;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link Tile} in the Vector API: the sums of four rows and two vectors stay in registers.
 *
 * <p>The sums begin as zeros that are made in the method. From a static field, the compiler would box each vector.
 */
final class VectorTile implements Tile {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    @Override
    public int width() {
        return 2 * LANES;
    }

    @Override
    public void rows(
            float[] a,
            int at,
            int rowStride,
            int columnStride,
            int k,
            float[] b,
            int bAt,
            int bStride,
            float factor,
            float[] c,
            int cAt,
            int cStride) {
        FloatVector s00 = FloatVector.zero(SPECIES);
        FloatVector s01 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s20 = s00;
        FloatVector s21 = s00;
        FloatVector s30 = s00;
        FloatVector s31 = s00;
        int from = bAt;
        int a0 = at;
        int a1 = a0 + rowStride;
        int a2 = a1 + rowStride;
        int a3 = a2 + rowStride;
        for (int p = 0; p < k; p++) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, from);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, from + LANES);
            FloatVector x = FloatVector.broadcast(SPECIES, a[a0]);
            s00 = x.fma(b0, s00);
            s01 = x.fma(b1, s01);
            x = FloatVector.broadcast(SPECIES, a[a1]);
            s10 = x.fma(b0, s10);
            s11 = x.fma(b1, s11);
            x = FloatVector.broadcast(SPECIES, a[a2]);
            s20 = x.fma(b0, s20);
            s21 = x.fma(b1, s21);
            x = FloatVector.broadcast(SPECIES, a[a3]);
            s30 = x.fma(b0, s30);
            s31 = x.fma(b1, s31);
            from += bStride;
            a0 += columnStride;
            a1 += columnStride;
            a2 += columnStride;
            a3 += columnStride;
        }
        store(s00, s01, factor, c, cAt);
        store(s10, s11, factor, c, cAt + cStride);
        store(s20, s21, factor, c, cAt + 2 * cStride);
        store(s30, s31, factor, c, cAt + 3 * cStride);
    }

    @Override
    public void row(
            float[] a,
            int at,
            int columnStride,
            int k,
            float[] b,
            int bAt,
            int bStride,
            float factor,
            float[] c,
            int cAt) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = s0;
        int from = bAt;
        int next = at;
        for (int p = 0; p < k; p++) {
            FloatVector x = FloatVector.broadcast(SPECIES, a[next]);
            s0 = x.fma(FloatVector.fromArray(SPECIES, b, from), s0);
            s1 = x.fma(FloatVector.fromArray(SPECIES, b, from + LANES), s1);
            from += bStride;
            next += columnStride;
        }
        store(s0, s1, factor, c, cAt);
    }

    private static void store(FloatVector low, FloatVector high, float factor, float[] c, int at) {
        low.mul(factor).intoArray(c, at);
        high.mul(factor).intoArray(c, at + LANES);
    }
}
