package dev.millrace.model.table;

import java.util.Arrays;

/** Adam's bias corrections {@code 1 − β^t}, cached for small t. One thread. */
public final class BiasCorrection {

    private static final int REMEMBERED = 1 << 16;

    private final double beta;
    private double[] corrections = new double[0];

    public BiasCorrection(double beta) {
        this.beta = beta;
    }

    /**
     * Returns {@code 1 − β^t}.
     *
     * @param count t, from 1
     */
    public double at(long count) {
        if (count >= REMEMBERED) {
            return exact(count);
        }
        int known = corrections.length;
        if (count >= known) {
            corrections = Arrays.copyOf(corrections, (int) Math.min(REMEMBERED, Math.max(256, 2 * count)));
            for (int t = known; t < corrections.length; t++) {
                corrections[t] = exact(t);
            }
        }
        return corrections[(int) count];
    }

    private double exact(long count) {
        return 1 - StrictMath.pow(beta, (double) count);
    }
}
