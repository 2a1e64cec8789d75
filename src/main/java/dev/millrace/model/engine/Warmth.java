package dev.millrace.model.engine;

import java.util.Arrays;

/** Runs a tile on a thread of its own until it is compiled: until it takes less time a number than plain loops do. */
final class Warmth {

    private static final int LENGTH = 32;
    private static final int CALLS = 256;
    private static final int SOON = 100;
    private static final long PAUSE_MILLIS = 40;
    private static final long LONG_PAUSE_MILLIS = 10_000;

    private final Tile tile;
    private final Tile plain = new PlainTile();
    private final float[] a = new float[Tile.ROWS * LENGTH];
    private final float[] b;
    private final float[] c;
    private volatile boolean isWarm;

    private Warmth(Tile tile) {
        this.tile = tile;
        int width = Math.max(tile.width(), plain.width());
        this.b = new float[LENGTH * width];
        this.c = new float[Tile.ROWS * width];
        Arrays.fill(a, 1f);
        Arrays.fill(b, 1f);
    }

    static Warmth begin(Tile tile) {
        Warmth warmth = new Warmth(tile);
        Thread thread = new Thread(warmth::run, "compile-vectors");
        thread.setDaemon(true);
        thread.start();
        return warmth;
    }

    Tile tile() {
        return tile;
    }

    boolean isWarm() {
        return isWarm;
    }

    /** A JVM without the compiler that knows vectors never comes to an end here; the pauses keep that cheap. */
    private void run() {
        try {
            for (int round = 1; nanosANumber(tile) > nanosANumber(plain); round++) {
                Thread.sleep(round < SOON ? PAUSE_MILLIS : LONG_PAUSE_MILLIS);
            }
            isWarm = true;
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private double nanosANumber(Tile one) {
        long start = System.nanoTime();
        int width = one.width();
        for (int call = 0; call < CALLS; call++) {
            one.rows(a, 0, LENGTH, 1, LENGTH, b, 0, width, 1f, c, 0, width);
            one.row(a, 0, 1, LENGTH, b, 0, width, 1f, c, 0);
        }
        return (double) (System.nanoTime() - start) / width;
    }
}
