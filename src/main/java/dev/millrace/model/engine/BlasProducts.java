package dev.millrace.model.engine;

import org.bytedeco.openblas.global.openblas;

/**
 * Products by the {@code sgemm} of the OpenBLAS that ND4J brings. Any thread.
 *
 * <p>JavaCPP copies every array to native memory, and the result back. It copies the whole array, even if the matrix fills
 * only its beginning (docs/decisions/0003). So an array should be no longer than its matrix.
 */
final class BlasProducts implements Products {

    private static final int PLAIN = openblas.CblasNoTrans;
    private static final int TRANSPOSED = openblas.CblasTrans;

    @Override
    public void multiply(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        openblas.cblas_sgemm(openblas.CblasRowMajor, PLAIN, PLAIN, m, n, k, factor, a, k, b, n, 0f, c, n);
    }

    @Override
    public void multiplyTransposedLeft(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        openblas.cblas_sgemm(openblas.CblasRowMajor, TRANSPOSED, PLAIN, m, n, k, factor, a, m, b, n, 0f, c, n);
    }

    @Override
    public void multiplyTransposedRight(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        openblas.cblas_sgemm(openblas.CblasRowMajor, PLAIN, TRANSPOSED, m, n, k, factor, a, k, b, k, 0f, c, n);
    }
}
