package dev.millrace.model.table;

import java.util.Arrays;

/** Adam's bias corrections {@code 1 − β^t}, cached for small t. Any thread. */
public final class BiasCorrection {

    private static final int REMEMBERED = 1 << 16;

    private final double beta;
    private volatile double[] corrections = new double[0];

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
        double[] known = corrections;
        if (count >= known.length) {
            double[] more = Arrays.copyOf(known, (int) Math.min(REMEMBERED, Math.max(256, 2 * count)));
            for (int t = known.length; t < more.length; t++) {
                more[t] = exact(t);
            }
            corrections = more; // whole, before another thread can see it
            known = more;
        }
        return known[(int) count];
    }

    private double exact(long count) {
        return 1 - StrictMath.pow(beta, (double) count);
    }
}
