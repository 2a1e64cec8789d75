package dev.millrace.model.loss;

import java.util.Arrays;

/** Which of the shared candidates are negatives of an example, as the constants on their logits. One thread. */
final class RowNegatives {

    private float[] scratch = new float[0];
    private long[] ranked = new long[0];
    private boolean areMasked;

    /**
     * @param scores [shared, …] the example's scores, read from the beginning
     * @return [shared] −∞ for one that is no negative; not to be changed, valid until the next call. The example's own item is
     *     the caller's to leave out
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

    /** Whether any of the constants last given may be −∞. */
    boolean areMasked() {
        return areMasked;
    }

    /** Of the examples' items only those with the highest scores stay; of equal ones the first. */
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
