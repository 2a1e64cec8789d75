package dev.millrace.model.engine;

/** {@link Tile} in plain loops. It has the bits of {@link VectorTile}, runs anywhere, and is slower once both are compiled. */
final class PlainTile implements Tile {

    private static final int WIDTH = 16;

    @Override
    public int width() {
        return WIDTH;
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
        for (int row = 0; row < ROWS; row++) {
            row(a, at + row * rowStride, columnStride, k, b, bAt, bStride, factor, c, cAt + row * cStride);
        }
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
        float[] sums = new float[WIDTH];
        for (int p = 0; p < k; p++) {
            float x = a[at + p * columnStride];
            int from = bAt + p * bStride;
            for (int j = 0; j < WIDTH; j++) {
                sums[j] = Math.fma(x, b[from + j], sums[j]);
            }
        }
        for (int j = 0; j < WIDTH; j++) {
            c[cAt + j] = sums[j] * factor;
        }
    }
}
