package dev.millrace.model.engine;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;

/**
 * Products by the {@code sgemm} of the OpenBLAS that ND4J brings. One thread.
 *
 * <p>The factors are copied to buffers of its own outside of the heap, and the result back: only the numbers that the product uses. JavaCPP would
 * copy each array whole, even if its matrix fills only the beginning (docs/decisions/0003).
 */
final class BlasProducts implements Products {

    private static final int PLAIN = openblas.CblasNoTrans;
    private static final int TRANSPOSED = openblas.CblasTrans;

    private final Buffer left = new Buffer();
    private final Buffer right = new Buffer();
    private final Buffer result = new Buffer();

    @Override
    public void multiply(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        multiply(PLAIN, a, k, PLAIN, b, n, c, m, k, n, factor);
    }

    @Override
    public void multiplyTransposedLeft(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        multiply(TRANSPOSED, a, m, PLAIN, b, n, c, m, k, n, factor);
    }

    @Override
    public void multiplyTransposedRight(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
        multiply(PLAIN, a, k, TRANSPOSED, b, k, c, m, k, n, factor);
    }

    private void multiply(
            int leftForm,
            float[] a,
            int leftStride,
            int rightForm,
            float[] b,
            int rightStride,
            float[] c,
            int m,
            int k,
            int n,
            float factor) {
        FloatPointer leftNumbers = left.filled(a, m * k);
        FloatPointer rightNumbers = right.filled(b, k * n);
        FloatPointer product = result.ofLength(m * n);
        openblas.cblas_sgemm(
                openblas.CblasRowMajor,
                leftForm,
                rightForm,
                m,
                n,
                k,
                factor,
                leftNumbers,
                leftStride,
                rightNumbers,
                rightStride,
                0f,
                product,
                n);
        product.get(c, 0, m * n);
    }

    /** Memory outside of the heap, which grows with the largest matrix. It is freed when the garbage collector finds the buffer unused. */
    private static final class Buffer {

        private FloatPointer numbers = new FloatPointer(0);
        private int capacity;

        FloatPointer filled(float[] from, int length) {
            return ofLength(length).put(from, 0, length);
        }

        FloatPointer ofLength(int length) {
            if (capacity < length) {
                numbers.deallocate();
                numbers = new FloatPointer(length);
                capacity = length;
            }
            return numbers;
        }
    }
}
