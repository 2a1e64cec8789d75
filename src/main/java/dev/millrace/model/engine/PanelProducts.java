package dev.millrace.model.engine;

import java.util.Arrays;

/**
 * Products on the heap. The bits of a number of the result depend on its row of the left factor, its column of the right one and their length
 * alone: {@link Tile} says how. One thread.
 *
 * <p>The right factor is copied to panels, k rows of {@link Tile#width} numbers side by side, so that the innermost loop reads both factors
 * in order. For few rows that would cost more than it gains, so they read it in place. The left factor is read in place, by strides, so
 * that its transpose costs nothing.
 */
final class PanelProducts implements Products {

    /** From so many rows on, a panel is copied. */
    private static final int ROWS_WORTH_A_COPY = 3 * Tile.ROWS;

    private final Tile tile;
    private final int width;
    /** Result of a tile that reaches over the last column. */
    private final float[] edge;
    /** [k, width] */
    private float[] panel = new float[0];

    PanelProducts(Tile tile) {
        this.tile = tile;
        this.width = tile.width();
        this.edge = new float[Tile.ROWS * width];
    }

    @Override
    public void multiply(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        byRows(a, k, 1, b, c, m, k, n, factor);
    }

    @Override
    public void multiplyTransposedLeft(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        byRows(a, 1, m, b, c, m, k, n, factor);
    }

    @Override
    public void multiplyTransposedRight(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        for (int column = 0; column < n; column += width) {
            packColumns(b, column, k, n);
            multiply(a, k, 1, panel, 0, width, c, column, m, k, n, factor);
        }
    }

    private void byRows(
            float[] a, int rowStride, int columnStride, float[] b, float[] c, int m, int k, int n, float factor) {
        for (int column = 0; column < n; column += width) {
            if (m < ROWS_WORTH_A_COPY && column + width <= n) {
                multiply(a, rowStride, columnStride, b, column, n, c, column, m, k, n, factor);
            } else {
                packRows(b, column, k, n);
                multiply(a, rowStride, columnStride, panel, 0, width, c, column, m, k, n, factor);
            }
        }
    }

    /** All rows of the left factor times the panel of the columns from {@code column} on. */
    private void multiply(
            float[] a,
            int rowStride,
            int columnStride,
            float[] b,
            int bAt,
            int bStride,
            float[] c,
            int column,
            int m,
            int k,
            int n,
            float factor) {
        int columns = Math.min(width, n - column);
        int row = 0;
        for (; row + Tile.ROWS <= m; row += Tile.ROWS) {
            int at = row * rowStride;
            if (columns == width) {
                tile.rows(a, at, rowStride, columnStride, k, b, bAt, bStride, factor, c, row * n + column, n);
            } else {
                tile.rows(a, at, rowStride, columnStride, k, b, bAt, bStride, factor, edge, 0, width);
                for (int i = 0; i < Tile.ROWS; i++) {
                    System.arraycopy(edge, i * width, c, (row + i) * n + column, columns);
                }
            }
        }
        for (; row < m; row++) {
            tile.row(a, row * rowStride, columnStride, k, b, bAt, bStride, factor, edge, 0);
            System.arraycopy(edge, 0, c, row * n + column, columns);
        }
    }

    /** Packs columns of b [k, n]. */
    private void packRows(float[] b, int column, int k, int n) {
        int columns = beginPanel(k, n - column);
        for (int p = 0; p < k; p++) {
            System.arraycopy(b, p * n + column, panel, p * width, columns);
        }
    }

    /** Packs rows of b [n, k]. */
    private void packColumns(float[] b, int column, int k, int n) {
        int columns = beginPanel(k, n - column);
        for (int j = 0; j < columns; j++) {
            int from = (column + j) * k;
            for (int p = 0; p < k; p++) {
                panel[p * width + j] = b[from + p];
            }
        }
    }

    /** Returns the columns to be packed. Behind them the panel has zeros. */
    private int beginPanel(int k, int left) {
        int length = k * width;
        if (panel.length < length) {
            panel = new float[length];
        } else if (left < width) {
            Arrays.fill(panel, 0, length, 0f);
        }
        return Math.min(width, left);
    }
}
