package dev.millrace.model.network;

import dev.millrace.model.engine.Loops;

/** Some columns of row-major matrices. A stride is the width of a whole row. */
final class Columns {

    private Columns() {}

    static void add(
            float[] from, int fromAt, int fromStride, float[] into, int intoAt, int intoStride, int n, int width) {
        Loops loops = Loops.now();
        for (int i = 0; i < n; i++) {
            loops.add(into, intoAt + i * intoStride, from, fromAt + i * fromStride, width);
        }
    }

    static void copy(
            float[] from, int fromAt, int fromStride, float[] into, int intoAt, int intoStride, int n, int width) {
        for (int i = 0; i < n; i++) {
            System.arraycopy(from, fromAt + i * fromStride, into, intoAt + i * intoStride, width);
        }
    }
}
