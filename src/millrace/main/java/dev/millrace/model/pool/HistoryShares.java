package dev.millrace.model.pool;

import java.util.Arrays;

/**
 * Shares of a history's rows in their sum, forward and backward. The learner and the query side use the same code.
 *
 * <p>Rows are [count, dim], row-major, the latest first; shares are positive and add up to 1.
 */
public final class HistoryShares {

    private HistoryShares() {}

    /**
     * {@code share_j = γ^j / Σ γ^k}.
     *
     * @param shares [.., count] filled from {@code at}
     */
    public static void byRecency(double decay, int count, float[] shares, int at) {
        double sum = 0;
        double power = 1;
        for (int j = 0; j < count; j++) {
            sum += power;
            power *= decay;
        }
        power = 1;
        for (int j = 0; j < count; j++) {
            shares[at + j] = (float) (power / sum);
            power *= decay;
        }
    }

    /** {@code share = softmax_j(<e_0, e_j> / √dim)} (scaled dot product, Vaswani et al. 2017, eq. 1, with the latest as query). */
    public static void byAttention(float[] rows, int count, int dim, float[] shares) {
        double root = Math.sqrt(dim);
        float max = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < count; j++) {
            shares[j] = (float) (dot(rows, 0, rows, j * dim, dim) / root);
            max = Math.max(max, shares[j]);
        }
        double sum = 0;
        for (int j = 0; j < count; j++) {
            shares[j] = (float) StrictMath.exp((double) shares[j] - max);
            sum += shares[j];
        }
        for (int j = 0; j < count; j++) {
            shares[j] = (float) (shares[j] / sum);
        }
    }

    /**
     * Backward pass of {@link #byAttention} and of the weighted sum, for g = dL/dsum: with {@code t_j = <g, e_j>} and {@code
     * l_j = share_j (t_j − Σ share_k t_k) / √dim}, row j gets {@code share_j g + l_j e_0}, and row 0 also gets {@code Σ l_j
     * e_j}.
     *
     * @param gradient [.., dim] g, from {@code at}
     * @param rowGradients [count, dim] filled
     */
    static void attentionBack(
            float[] rows, int count, int dim, float[] shares, float[] gradient, int at, float[] rowGradients) {
        double root = Math.sqrt(dim);
        double mean = 0;
        for (int j = 0; j < count; j++) {
            mean += shares[j] * dot(gradient, at, rows, j * dim, dim);
        }
        Arrays.fill(rowGradients, 0, count * dim, 0f);
        for (int j = 0; j < count; j++) {
            float along = (float) (shares[j] * (dot(gradient, at, rows, j * dim, dim) - mean) / root);
            for (int d = 0; d < dim; d++) {
                rowGradients[j * dim + d] += shares[j] * gradient[at + d] + along * rows[d];
                rowGradients[d] += along * rows[j * dim + d];
            }
        }
    }

    private static double dot(float[] left, int leftAt, float[] right, int rightAt, int dim) {
        double sum = 0;
        for (int d = 0; d < dim; d++) {
            sum += (double) left[leftAt + d] * right[rightAt + d];
        }
        return sum;
    }
}
