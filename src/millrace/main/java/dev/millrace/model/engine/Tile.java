package dev.millrace.model.engine;

/**
 * The innermost loops of {@link PanelProducts}: some rows of the left factor times a panel, which is {@link #width} columns of the right factor.
 *
 * <p>Each number of the result is {@code factor · s}, where {@code s = fma(a, b, s)} from 0 on, along k in its order. No sum is split, so the
 * bits depend on neither the width nor the lanes. Safe for threads.
 */
interface Tile {

    /** Rows that {@link #rows} takes. */
    int ROWS = 4;

    /** Columns of a panel. */
    int width();

    /**
     * {@link #ROWS} rows times a panel.
     *
     * @param a left factor; the number of row i and column p is at {@code at + i · rowStride + p · columnStride}
     * @param b right factor; the panel's number of row p and column j is at {@code bAt + p · bStride + j}
     * @param c the number of row i and column j is written to {@code cAt + i · cStride + j}
     */
    void rows(
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
            int cStride);

    /** One row times a panel, as {@link #rows}. */
    void row(
            float[] a,
            int at,
            int columnStride,
            int k,
            float[] b,
            int bAt,
            int bStride,
            float factor,
            float[] c,
            int cAt);
}
