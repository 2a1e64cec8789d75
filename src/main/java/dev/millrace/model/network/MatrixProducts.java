package dev.millrace.model.network;

import org.bytedeco.openblas.global.openblas;

/**
 * Products of row-major matrices on Java arrays, by the {@code sgemm} of the OpenBLAS that ND4J brings. Any thread.
 *
 * <p>JavaCPP copies every array to native memory, and the result back. It copies the whole array, even if the matrix fills
 * only its beginning (docs/decisions/0003). So an array should be no longer than its matrix.
 */
public final class MatrixProducts {

    private MatrixProducts() {}

    /** c [m, n] = factor · a [m, k] b [k, n]. */
    public static void multiply(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        openblas.cblas_sgemm(
                openblas.CblasRowMajor,
                openblas.CblasNoTrans,
                openblas.CblasNoTrans,
                m,
                n,
                k,
                factor,
                a,
                k,
                b,
                n,
                0f,
                c,
                n);
    }

    /** c [m, n] = factor · aᵀ b, with a [k, m] and b [k, n]. */
    public static void multiplyTransposedLeft(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        openblas.cblas_sgemm(
                openblas.CblasRowMajor,
                openblas.CblasTrans,
                openblas.CblasNoTrans,
                m,
                n,
                k,
                factor,
                a,
                m,
                b,
                n,
                0f,
                c,
                n);
    }

    /** c [m, n] = factor · a bᵀ, with a [m, k] and b [n, k]. */
    public static void multiplyTransposedRight(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        openblas.cblas_sgemm(
                openblas.CblasRowMajor,
                openblas.CblasNoTrans,
                openblas.CblasTrans,
                m,
                n,
                k,
                factor,
                a,
                k,
                b,
                k,
                0f,
                c,
                n);
    }
}
