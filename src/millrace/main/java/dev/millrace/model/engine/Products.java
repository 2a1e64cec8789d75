package dev.millrace.model.engine;

/** Products of row-major matrices on Java arrays. The result may not share an array with a factor. */
public interface Products {

    /** c [m, n] = factor · a [m, k] b [k, n]. */
    void multiply(float[] a, float[] b, float[] c, int m, int k, int n, float factor);

    /** c [m, n] = factor · aᵀ b, with a [k, m] and b [k, n]. */
    void multiplyTransposedLeft(float[] a, float[] b, float[] c, int m, int k, int n, float factor);

    /** c [m, n] = factor · a bᵀ, with a [m, k] and b [n, k]. */
    void multiplyTransposedRight(float[] a, float[] b, float[] c, int m, int k, int n, float factor);
}
