package dev.millrace.model.engine;

import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Products on the heap. The bits of a number of the result depend on its row of the left factor, its column of the right one and their length
 * alone: {@link Tile} says how. One thread, which shares large products with a team.
 *
 * <p>The right factor is copied to panels, k rows of {@link Tile#width} numbers side by side, so that the innermost loop reads both factors
 * in order. For few rows that would cost more than it gains, so they read it in place. The left factor is read in place, by strides, so
 * that its transpose costs nothing.
 *
 * <p>The result is cut into blocks of {@link Tile#ROWS} rows and one panel. They are numbered down the first panel, then down the next, so that
 * a thread that takes a range of them copies few panels that another copies too.
 */
final class PanelProducts implements Products {

    /** From so many rows on, a panel is copied. */
    private static final int ROWS_WORTH_A_COPY = 3 * Tile.ROWS;
    /** Multiplications and additions that are worth a second thread: some ten microseconds. */
    private static final int WORTH_A_THREAD = 1 << 19;

    private final Supplier<Tile> tiles;
    private final Team team;
    private final Bench[] benches;

    /** What one thread needs for itself. */
    private static final class Bench {
        /** Result of a tile that reaches over the last column. */
        private float[] edge = new float[0];
        /** [k, width] */
        private float[] panel = new float[0];
    }

    /** Left factor, the number of row i and column p is at {@code i · rowStride + p · columnStride}. */
    private record Left(float[] numbers, int rowStride, int columnStride) {}

    /** Right factor [k, n], or [n, k] if it is transposed. */
    private record Right(float[] numbers, boolean isTransposed) {}

    private record Shape(Tile tile, int m, int k, int n, float factor) {

        int width() {
            return tile.width();
        }

        int blocksDown() {
            return (m + Tile.ROWS - 1) / Tile.ROWS;
        }
    }

    /** @param tiles gives the tile of the next product */
    PanelProducts(Supplier<Tile> tiles, Team team) {
        this.tiles = tiles;
        this.team = team;
        this.benches = new Bench[team.size()];
        Arrays.setAll(benches, member -> new Bench());
    }

    @Override
    public void multiply(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        multiply(new Left(a, k, 1), new Right(b, false), c, new Shape(tiles.get(), m, k, n, factor));
    }

    @Override
    public void multiplyTransposedLeft(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        multiply(new Left(a, 1, m), new Right(b, false), c, new Shape(tiles.get(), m, k, n, factor));
    }

    @Override
    public void multiplyTransposedRight(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        multiply(new Left(a, k, 1), new Right(b, true), c, new Shape(tiles.get(), m, k, n, factor));
    }

    private void multiply(Left a, Right b, float[] c, Shape shape) {
        int width = shape.width();
        int blocks = shape.blocksDown() * ((shape.n + width - 1) / width);
        int least = WORTH_A_THREAD / Math.max(1, Tile.ROWS * width * shape.k) + 1;
        team.share(blocks, least, (from, to, member) -> blocks(a, b, c, shape, from, to, benches[member]));
    }

    private static void blocks(Left a, Right b, float[] c, Shape shape, int from, int to, Bench bench) {
        int down = shape.blocksDown();
        int width = shape.width();
        if (bench.edge.length < Tile.ROWS * width) {
            bench.edge = new float[Tile.ROWS * width];
        }
        for (int block = from; block < to; ) {
            int column = block / down * width;
            int first = block % down;
            int last = Math.min(down, first + to - block);
            int firstRow = first * Tile.ROWS;
            int lastRow = Math.min(shape.m, last * Tile.ROWS);
            panel(a, b, c, shape, column, firstRow, lastRow, bench);
            block += last - first;
        }
    }

    /** Some rows of the left factor times the panel of the columns from {@code column} on. */
    private static void panel(Left a, Right b, float[] c, Shape shape, int column, int from, int to, Bench bench) {
        int width = shape.width();
        if (b.isTransposed) {
            packColumns(b.numbers, column, shape, bench);
            rows(a, bench.panel, 0, width, c, shape, column, from, to, bench);
        } else if (to - from < ROWS_WORTH_A_COPY && column + width <= shape.n) {
            rows(a, b.numbers, column, shape.n, c, shape, column, from, to, bench);
        } else {
            packRows(b.numbers, column, shape, bench);
            rows(a, bench.panel, 0, width, c, shape, column, from, to, bench);
        }
    }

    private static void rows(
            Left left,
            float[] b,
            int bAt,
            int bStride,
            float[] c,
            Shape shape,
            int column,
            int from,
            int to,
            Bench bench) {
        float[] a = left.numbers;
        int rowStride = left.rowStride;
        int columnStride = left.columnStride;
        int k = shape.k;
        int n = shape.n;
        float factor = shape.factor;
        float[] edge = bench.edge;
        Tile tile = shape.tile;
        int width = tile.width();
        int columns = Math.min(width, n - column);
        int row = from;
        for (; row + Tile.ROWS <= to; row += Tile.ROWS) {
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
        for (; row < to; row++) {
            tile.row(a, row * rowStride, columnStride, k, b, bAt, bStride, factor, edge, 0);
            System.arraycopy(edge, 0, c, row * n + column, columns);
        }
    }

    /** Packs columns of b [k, n]. */
    private static void packRows(float[] b, int column, Shape shape, Bench bench) {
        int width = shape.width();
        int columns = beginPanel(shape, column, bench);
        for (int p = 0; p < shape.k; p++) {
            System.arraycopy(b, p * shape.n + column, bench.panel, p * width, columns);
        }
    }

    /** Packs rows of b [n, k]. */
    private static void packColumns(float[] b, int column, Shape shape, Bench bench) {
        int k = shape.k;
        int width = shape.width();
        int columns = beginPanel(shape, column, bench);
        float[] panel = bench.panel;
        for (int j = 0; j < columns; j++) {
            int from = (column + j) * k;
            for (int p = 0; p < k; p++) {
                panel[p * width + j] = b[from + p];
            }
        }
    }

    /** Returns the columns to be packed. Behind them the panel has zeros. */
    private static int beginPanel(Shape shape, int column, Bench bench) {
        int width = shape.width();
        int left = shape.n - column;
        int length = shape.k * width;
        if (bench.panel.length < length) {
            bench.panel = new float[length];
        } else if (left < width) {
            Arrays.fill(bench.panel, 0, length, 0f);
        }
        return Math.min(width, left);
    }
}
