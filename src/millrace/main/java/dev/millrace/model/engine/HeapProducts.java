package dev.millrace.model.engine;

/**
 * Products in the Vector API, once that is compiled; before, and where this JVM has no such module, in plain loops with the same bits. One thread.
 *
 * @param plain takes the products before
 */
record HeapProducts(Products plain, Products vector) implements Products {

    static Products begin(Team team) {
        Products plain = new PanelProducts(new PlainTile(), team);
        return Warmth.tile()
                .<Products>map(tile -> new HeapProducts(plain, new PanelProducts(tile, team)))
                .orElse(plain);
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
        return Warmth.isTileWarm() ? vector : plain;
    }
}
