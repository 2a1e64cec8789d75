package dev.millrace.publish;

/**
 * The learning steps within which every vector is published anew, touched or not.
 *
 * <p>With a limit on the refreshes, the bound grows with the catalogue, so that the sweep publishes no more than that
 * many vectors a step:
 *
 * <pre>
 * B(N) = max(least, N / refreshes)          N / B(N) = min(N / least, refreshes)
 * </pre>
 *
 * @param least steps of the bound in a small catalogue; 0: no bound
 * @param refreshes most vectors a step that the sweep publishes; 0: no limit, the bound is {@code least} for any
 *     catalogue
 */
public record AgeBound(int least, int refreshes) {

    static final String AUTO = "auto";

    private static final int AUTO_LEAST = 50;
    private static final int MOST = 1_000_000;

    /** Returns a bound that does not depend on the catalogue; 0: no bound. */
    public static AgeBound fixed(int steps) {
        return new AgeBound(steps, 0);
    }

    /** @param batchSize positives of a full batch, the most items that a step publishes because they were clicked */
    static AgeBound parse(String text, int batchSize) {
        if (text.equals(AUTO)) {
            return new AgeBound(AUTO_LEAST, batchSize);
        }
        int steps = Integer.parseInt(text);
        if (steps < 0 || steps > MOST) {
            throw new IllegalArgumentException(text);
        }
        return fixed(steps);
    }

    /** Returns the bound for that many vectors, not rounded; 0: no bound. */
    public double steps(long vectors) {
        return refreshes == 0 ? least : Math.max(least, (double) vectors / refreshes);
    }

    /** Returns the bound for that many vectors in whole steps; 0: no bound. */
    public long wholeSteps(long vectors) {
        return (long) Math.ceil(steps(vectors));
    }
}
