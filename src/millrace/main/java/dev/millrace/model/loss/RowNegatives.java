package dev.millrace.model.loss;

import java.util.Arrays;

/** Decides which shared candidates are negatives of an example, by the constants on their logits. One thread. */
final class RowNegatives {

    private float[] scratch = new float[0];
    private long[] ranked = new long[0];
    private boolean areMasked;

    /**
     * @param scores [shared, …] the example's scores, read from the beginning
     * @return [shared] constant of each candidate, −∞ if it is not a negative; read-only, valid until the next call. The
     *     caller has to leave out the example's own item
     */
    float[] constants(Candidates candidates, int example, float[] scores) {
        int hardest = candidates.columns().hardest();
        float[] others = candidates.others();
        boolean isWhole = hardest == 0 && candidates.sameUser().length == 0;
        if (isWhole) {
            areMasked = candidates.hasMasked();
            return others;
        }
        areMasked = true;
        if (scratch.length != others.length) {
            scratch = new float[others.length];
        }
        System.arraycopy(others, 0, scratch, 0, others.length);
        if (candidates.sameUser().length > 0) {
            for (int masked : candidates.sameUser()[example]) {
                scratch[masked] = Float.NEGATIVE_INFINITY;
            }
        }
        if (hardest > 0) {
            keepHardest(candidates, example, scores, hardest);
        }
        return scratch;
    }

    /** Returns whether any of the last constants may be −∞. */
    boolean areMasked() {
        return areMasked;
    }

    /** Keeps only the in-batch negatives with the highest scores; of equal scores the first. */
    private void keepHardest(Candidates candidates, int example, float[] scores, int hardest) {
        int own = candidates.positive()[example];
        boolean[] inBatch = candidates.columns().inBatch();
        if (ranked.length < inBatch.length) {
            ranked = new long[inBatch.length];
        }
        int count = 0;
        for (int c = 0; c < inBatch.length; c++) {
            if (inBatch[c] && c != own && scratch[c] != Float.NEGATIVE_INFINITY) {
                int bits = Float.floatToIntBits(scores[c]);
                int ascending = bits ^ ((bits >> 31) & Integer.MAX_VALUE); // as integers, in the order of the floats
                ranked[count++] = ((long) ~ascending << 32) | c;
            }
        }
        Arrays.sort(ranked, 0, count);
        for (int rank = hardest; rank < count; rank++) {
            int c = (int) ranked[rank];
            scratch[c] = candidates.columns().drawn()[c];
        }
    }
}
