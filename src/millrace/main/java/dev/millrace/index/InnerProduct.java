package dev.millrace.index;

/** The inner product of two vectors, the same to the bit wherever a score is computed. */
final class InnerProduct {

    private InnerProduct() {}

    /**
     * Eight sums that do not wait for each other, added up in a fixed order.
     *
     * @param dim components, of one vector from {@code from} and of the other from {@code otherFrom} on
     */
    static float of(float[] one, int from, float[] other, int otherFrom, int dim) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int eights = dim & ~7;
        for (int at = 0; at < eights; at += 8) {
            int left = from + at;
            int right = otherFrom + at;
            s0 += one[left] * other[right];
            s1 += one[left + 1] * other[right + 1];
            s2 += one[left + 2] * other[right + 2];
            s3 += one[left + 3] * other[right + 3];
            s4 += one[left + 4] * other[right + 4];
            s5 += one[left + 5] * other[right + 5];
            s6 += one[left + 6] * other[right + 6];
            s7 += one[left + 7] * other[right + 7];
        }
        for (int at = eights; at < dim; at++) {
            s0 += one[from + at] * other[otherFrom + at];
        }
        return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
    }
}
