package dev.millrace.model.pool;

import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.Pooling;
import dev.millrace.model.network.Scratch;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Learned weights of the places of a history, the latest first: {@code share_j = e^θ_j / Σ_k e^θ_k} over the places that have a row.
 * They begin at {@code θ_j = j ln γ}, which is pooling by recency. One thread, but for {@link #share}.
 */
public final class PositionWeights {

    /** [places] θ, and dL/dθ of the last step. */
    private final float[] logits;

    private final float[] gradients;
    private final double[] sums;
    /** [places] e^θ of the last {@link #refresh}, and the sums of the first of them. */
    private double[] weights = new double[0];

    private double[] totals = new double[0];
    private float[] products = new float[0];

    private PositionWeights(float[] logits) {
        this.logits = logits;
        this.gradients = new float[logits.length];
        this.sums = new double[logits.length];
        refresh();
    }

    /** Returns the weights at their beginning; empty if the feature is not pooled by learned weights. */
    public static Optional<PositionWeights> of(FeatureSpec feature) {
        return feature.pooling().kind() == Pooling.Kind.POSITIONS
                ? Optional.of(new PositionWeights(initial(feature.pooling().decay(), feature.maxValues())))
                : Optional.empty();
    }

    /** Returns weights that only answer: those of the query side. */
    public static PositionWeights of(float[] logits) {
        return new PositionWeights(logits.clone());
    }

    private static float[] initial(double decay, int places) {
        float[] logits = new float[places];
        for (int j = 0; j < places; j++) {
            logits[j] = (float) (j * StrictMath.log(decay));
        }
        return logits;
    }

    /** Returns the name of a place of a history. */
    public static String name(FeatureSpec history, int place) {
        return history.name() + "[" + place + "]";
    }

    /** [places] θ itself. Writing to it changes the weights, from the next {@link #refresh} on. */
    public float[] logits() {
        return logits;
    }

    /** [places] dL/dθ of the last {@link #backward}. */
    public float[] gradients() {
        return gradients;
    }

    /** [places] Returns the weight of each place relative to the first: {@code e^(θ_j − θ_0)}. */
    public List<Double> relative() {
        return IntStream.range(0, logits.length)
                .mapToObj(j -> StrictMath.exp((double) logits[j] - logits[0]))
                .toList();
    }

    /** Takes over the logits as they are now. */
    public void refresh() {
        float max = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double[] now = new double[logits.length];
        double[] sum = new double[logits.length];
        double total = 0;
        for (int j = 0; j < logits.length; j++) {
            now[j] = StrictMath.exp((double) logits[j] - max);
            total += now[j];
            sum[j] = total;
        }
        weights = now;
        totals = sum;
    }

    /**
     * Fills the shares of a history's rows.
     *
     * @param count rows, at most as many as places
     * @param shares [.., count] filled from {@code at}
     */
    public void share(int count, float[] shares, int at) {
        for (int j = 0; j < count; j++) {
            shares[at + j] = (float) (weights[j] / totals[count - 1]);
        }
    }

    /** Returns room for the products of a batch's rows, see {@link #backward}. */
    float[] products(int count) {
        products = Scratch.atLeast(products, count);
        return products;
    }

    /**
     * Sets the gradients: {@code dL/dθ_j = Σ share_j (t_j − Σ_k share_k t_k)}, summed over the histories.
     *
     * @param products [rows] t, the inner product of each row with the gradient of its pooled sum
     * @param shares [rows] of the forward pass
     * @param starts [n + 1] first row of each history, and the end of the last
     */
    void backward(float[] products, float[] shares, int[] starts, int n) {
        Arrays.fill(sums, 0);
        for (int i = 0; i < n; i++) {
            double mean = 0;
            for (int at = starts[i]; at < starts[i + 1]; at++) {
                mean += (double) shares[at] * products[at];
            }
            for (int at = starts[i]; at < starts[i + 1]; at++) {
                sums[at - starts[i]] += shares[at] * (products[at] - mean);
            }
        }
        for (int j = 0; j < sums.length; j++) {
            gradients[j] = (float) sums[j];
        }
    }
}
