package dev.millrace.model.network;

/** Dense layers in plain loops, without native code: for the query side and for a few rows at a time. */
final class PlainLayers {

    private PlainLayers() {}

    /**
     * One layer of one row: {@code out = activation(in W + b)}.
     *
     * @param weights [in, out] row-major
     * @param bias [out]
     */
    static void layer(
            float[] in,
            int inAt,
            int inWidth,
            float[] weights,
            float[] bias,
            float[] out,
            int outAt,
            Activation activation) {
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
        activate(activation, out, outAt, out, outAt, width);
    }

    /** {@code out = activation(in)}; both may be the same place. */
    static void activate(Activation activation, float[] in, int inAt, float[] out, int outAt, int length) {
        if (activation == Activation.IDENTITY) {
            if (in != out || inAt != outAt) {
                System.arraycopy(in, inAt, out, outAt, length);
            }
        } else if (activation == Activation.RELU) { // a loop that the compiler can vectorise
            for (int at = 0; at < length; at++) {
                out[outAt + at] = Math.max(in[inAt + at], 0f);
            }
        } else {
            for (int at = 0; at < length; at++) {
                out[outAt + at] = activation.at(in[inAt + at]);
            }
        }
    }
}
