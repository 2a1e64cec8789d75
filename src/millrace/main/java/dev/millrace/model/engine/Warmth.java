package dev.millrace.model.engine;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The loops in the Vector API, and whether they are compiled. Until then each vector is an object, and they are some hundred times slower than
 * plain loops.
 *
 * <p>What is compiled is compiled for the whole process. A thread of its own runs them until they take less time a number than plain
 * loops do: first the tile, then the others. In a JVM without the module there are none.
 */
final class Warmth {

    private static final String PACKAGE = "dev.millrace.model.engine."; // by name: no class may need the module

    private static final int LENGTH = 32;
    private static final int CALLS = 256;
    private static final int SOON = 100;
    private static final long PAUSE_MILLIS = 40;
    private static final long LONG_PAUSE_MILLIS = 10_000;

    private static final Loops PLAIN_LOOPS = new PlainLoops();
    private static final Tile PLAIN_TILE = new PlainTile();
    private static final Optional<Warmth> VECTORS = vectors();

    private final Tile tile;
    private final Loops loops;
    private final float[] a = new float[Tile.ROWS * LENGTH];
    private final float[] b;
    private final float[] c;
    private final float[] bias = new float[LENGTH];
    private final short[] row = new short[2];
    private final byte[] bytes = new byte[2 * Loops.BYTE_BLOCK];
    private final int[] products = new int[Loops.BYTE_BLOCK];
    private final float[] columns = new float[Loops.BYTE_BLOCK];
    private volatile boolean isTileWarm;
    private volatile boolean areLoopsWarm;

    private Warmth(Tile tile, Loops loops) {
        this.tile = tile;
        this.loops = loops;
        int width = Math.max(tile.width(), PLAIN_TILE.width());
        this.b = new float[LENGTH * width];
        this.c = new float[Tile.ROWS * width];
        Arrays.fill(a, 1f);
        Arrays.fill(b, 1f);
    }

    private static Optional<Warmth> vectors() {
        Optional<Warmth> vectors = vectorTile().flatMap(tile -> vectorLoops().map(loops -> new Warmth(tile, loops)));
        vectors.ifPresent(Warmth::begin);
        return vectors;
    }

    private void begin() {
        Thread thread = new Thread(this::run, "compile-vectors");
        thread.setDaemon(true);
        thread.start();
    }

    /** Returns the loops in the Vector API once they are compiled, plain ones before. */
    static Loops loops() {
        return VECTORS.isPresent() && VECTORS.get().areLoopsWarm ? VECTORS.get().loops : PLAIN_LOOPS;
    }

    /** Returns the tile in the Vector API once it is compiled, a plain one with the same bits before. */
    static Tile tile() {
        return VECTORS.isPresent() && VECTORS.get().isTileWarm ? VECTORS.get().tile : PLAIN_TILE;
    }

    static Optional<Tile> vectorTile() {
        return make("VectorTile", Tile.class);
    }

    static Optional<Loops> vectorLoops() {
        return make("VectorLoops", Loops.class);
    }

    private static <T> Optional<T> make(String name, Class<T> type) {
        if (ModuleLayer.boot().findModule(Engine.VECTOR_API).isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Class.forName(PACKAGE + name)
                    .asSubclass(type)
                    .getDeclaredConstructor()
                    .newInstance());
        } catch (ReflectiveOperationException missing) {
            throw new IllegalStateException(PACKAGE + name + " is not on the class path", missing);
        }
    }

    /** The tile first: a step spends most of its time there. */
    private void run() {
        try {
            await(() -> nanosANumber(tile) <= nanosANumber(PLAIN_TILE));
            isTileWarm = true;
            await(() -> nanos(loops) <= nanos(PLAIN_LOOPS));
            areLoopsWarm = true;
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    /** A JVM without the compiler that knows vectors never comes to an end here; the pauses keep that cheap. */
    private static void await(BooleanSupplier isWarm) throws InterruptedException {
        for (int round = 1; !isWarm.getAsBoolean(); round++) {
            Thread.sleep(round < SOON ? PAUSE_MILLIS : LONG_PAUSE_MILLIS);
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

    private long nanos(Loops all) {
        long start = System.nanoTime();
        for (int call = 0; call < CALLS; call++) {
            all.add(c, 0, b, 0, LENGTH);
            all.addScaled(c, 0, b, 0, LENGTH, -1f);
            all.addBias(a, 0, Tile.ROWS, bias);
            all.addBiasRectified(a, 0, Tile.ROWS, bias);
            c[0] = all.dot(b, 0, b, LENGTH, LENGTH);
            c[1] = all.max(b, 0, LENGTH);
            c[2] = all.areFinite(b, 0, LENGTH) ? 1f : 0f;
            all.byteProducts(row, bytes, Loops.BYTE_BLOCK, products);
            all.combine(1f, columns, products, 1f, columns, 1f, columns, 1f, Loops.BYTE_BLOCK, columns, columns);
            c[3] = all.countAbove(b, 0, LENGTH, 0f) + all.countBelow(b, 0, LENGTH, 0f);
        }
        return System.nanoTime() - start;
    }
}
