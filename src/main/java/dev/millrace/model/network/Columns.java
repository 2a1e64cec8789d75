package dev.millrace.model.network;

/** Some columns of row-major matrices. A stride is the width of a whole row. */
final class Columns {

    private Columns() {}

    static void add(
            float[] from, int fromAt, int fromStride, float[] into, int intoAt, int intoStride, int n, int width) {
        for (int i = 0; i < n; i++) {
            int at = fromAt + i * fromStride;
            int to = intoAt + i * intoStride;
            for (int d = 0; d < width; d++) {
                into[to + d] += from[at + d];
            }
        }
    }

    static void copy(
            float[] from, int fromAt, int fromStride, float[] into, int intoAt, int intoStride, int n, int width) {
        for (int i = 0; i < n; i++) {
            System.arraycopy(from, fromAt + i * fromStride, into, intoAt + i * intoStride, width);
        }
    }
}
