package dev.millrace.model.network;

/** The activation function of a layer. It uses {@link StrictMath}, so the bits are the same on any machine. */
@SuppressWarnings("ImmutableEnumChecker") // its functions have no state
public enum Activation {
    /** max(x, 0). */
    RELU(x -> Math.max(x, 0f), x -> x > 0f ? 1f : 0f) {
        @Override
        void apply(float[] in, float[] out, int from, int to) { // a loop that the compiler can vectorise
            for (int at = from; at < to; at++) {
                out[at] = Math.max(in[at], 0f);
            }
        }
    },
    /** x above zero, a hundredth of x below (Maas et al. 2013). */
    LEAKY_RELU(x -> x > 0f ? x : Activation.LEAK * x, x -> x > 0f ? 1f : Activation.LEAK),
    /** tanh(x). */
    TANH(x -> (float) StrictMath.tanh(x), x -> {
        double y = StrictMath.tanh(x);
        return (float) (1 - y * y);
    }),
    /** x Φ(x) by its approximation with tanh (Hendrycks and Gimpel 2016). */
    GELU(x -> (float) (0.5 * x * (1 + StrictMath.tanh(inner(x)))), x -> {
        double y = StrictMath.tanh(inner(x));
        double innerSlope = Activation.ROOT_TWO_OVER_PI * (1 + 3 * Activation.CUBIC * x * x);
        return (float) (0.5 * (1 + y) + 0.5 * x * (1 - y * y) * innerSlope);
    }),
    /** 1 / (1 + e^−x). */
    SIGMOID(x -> (float) sigmoid(x), x -> {
        double y = sigmoid(x);
        return (float) (y * (1 - y));
    }),
    /** 2 / (1 + e^−x): a factor that is 1 at x = 0. */
    TWICE_SIGMOID(x -> (float) (2 * sigmoid(x)), x -> {
        double y = sigmoid(x);
        return (float) (2 * y * (1 - y));
    }),
    /** x. */
    IDENTITY(x -> x, x -> 1f);

    private static final float LEAK = 0.01f;
    private static final double ROOT_TWO_OVER_PI = 0.7978845608028654;
    private static final double CUBIC = 0.044715;

    private final Curve function;
    private final Curve slope;

    Activation(Curve function, Curve slope) {
        this.function = function;
        this.slope = slope;
    }

    private interface Curve {
        float of(float x);
    }

    /** Applies it to the numbers from {@code from} to {@code to}, exclusive. Both arrays may be the same. */
    void apply(float[] in, float[] out, int from, int to) {
        for (int at = from; at < to; at++) {
            out[at] = function.of(in[at]);
        }
    }

    /** Multiplies gradients by the derivative at the sums before the activation. */
    void backward(float[] gradients, float[] sums, int from, int to) {
        for (int at = from; at < to; at++) {
            gradients[at] *= slope.of(sums[at]);
        }
    }

    /** Exports the function. Returns the name of the result. */
    String export(NetworkExport to, String in) {
        return switch (this) {
            case RELU -> to.relu(in);
            case LEAKY_RELU -> to.leakyRelu(in, LEAK);
            case TANH -> to.tanh(in);
            case GELU -> {
                String cube = to.product(to.product(in, in), in);
                String inner = to.scaled(to.sum(in, to.scaled(cube, (float) CUBIC)), (float) ROOT_TWO_OVER_PI);
                yield to.product(to.scaled(in, 0.5f), to.shifted(to.tanh(inner), 1f));
            }
            case SIGMOID -> to.sigmoid(in);
            case TWICE_SIGMOID -> to.scaled(to.sigmoid(in), 2f);
            case IDENTITY -> in;
        };
    }

    private static double inner(double x) {
        return ROOT_TWO_OVER_PI * (x + CUBIC * x * x * x);
    }

    private static double sigmoid(double x) {
        return 1 / (1 + StrictMath.exp(-x));
    }
}
