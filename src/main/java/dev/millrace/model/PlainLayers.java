package dev.millrace.model;

/** Dense layers of a few rows by plain loops: what the query side runs, with no native code. */
final class PlainLayers {

    private PlainLayers() {}

    /**
     * One layer of one row: {@code out = in W + b}, then ReLU where asked.
     *
     * @param weights [in, out] row-major
     * @param bias [out]
     */
    static void layer(
            float[] in, int inAt, int inWidth, float[] weights, float[] bias, float[] out, int outAt, boolean relu) {
        int width = bias.length;
        System.arraycopy(bias, 0, out, outAt, width);
        for (int i = 0; i < inWidth; i++) {
            float x = in[inAt + i];
            if (x != 0f) {
                int from = i * width;
                for (int o = 0; o < width; o++) {
                    out[outAt + o] += x * weights[from + o];
                }
            }
        }
        if (relu) {
            for (int o = 0; o < width; o++) {
                out[outAt + o] = Math.max(out[outAt + o], 0f);
            }
        }
    }
}
