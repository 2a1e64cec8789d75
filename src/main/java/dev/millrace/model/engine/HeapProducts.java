package dev.millrace.model.engine;

import java.util.Optional;

/**
 * Products in the Vector API, once that is compiled; before, and where this JVM has no such module, in plain loops with the same bits. One thread.
 *
 * <p>Until it is compiled, the Vector API makes an object of each vector, and is some hundred times slower than plain loops.
 *
 * @param plain takes the products before
 */
record HeapProducts(Products plain, Products vector, Warmth warmth) implements Products {

    private static final String VECTOR_TILE =
            "dev.millrace.model.engine.VectorTile"; // by name: no class may need the module

    /** What is compiled is compiled for the whole process. */
    private static final class Compiled {
        static final Optional<Warmth> VECTORS = vectorTile().map(Warmth::begin);
    }

    static Products begin(Team team) {
        Products plain = new PanelProducts(new PlainTile(), team);
        return Compiled.VECTORS
                .<Products>map(warmth -> new HeapProducts(plain, new PanelProducts(warmth.tile(), team), warmth))
                .orElse(plain);
    }

    static Optional<Tile> vectorTile() {
        if (ModuleLayer.boot().findModule(Engine.VECTOR_API).isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Class.forName(VECTOR_TILE)
                    .asSubclass(Tile.class)
                    .getDeclaredConstructor()
                    .newInstance());
        } catch (ReflectiveOperationException missing) {
            throw new IllegalStateException(VECTOR_TILE + " is not on the class path", missing);
        }
    }

    @Override
    public void multiply(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        now().multiply(a, b, c, m, k, n, factor);
    }

    @Override
    public void multiplyTransposedLeft(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        now().multiplyTransposedLeft(a, b, c, m, k, n, factor);
    }

    @Override
    public void multiplyTransposedRight(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        now().multiplyTransposedRight(a, b, c, m, k, n, factor);
    }

    private Products now() {
        return warmth.isWarm() ? vector : plain;
    }
}
