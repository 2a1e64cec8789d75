package dev.millrace.model.engine;

import java.util.Arrays;

/** {@link Loops} without the Vector API: for a JVM that does not have it, and until it is compiled. */
final class PlainLoops implements Loops {

    @Override
    public void add(float[] into, int to, float[] from, int at, int width) {
        for (int d = 0; d < width; d++) {
            into[to + d] += from[at + d];
        }
    }

    @Override
    public void addScaled(float[] into, int to, float[] from, int at, int width, float factor) {
        for (int d = 0; d < width; d++) {
            into[to + d] += factor * from[at + d];
        }
    }

    @Override
    public void addBiasRectified(float[] rows, int from, int to, float[] bias) {
        for (int row = from; row < to; row++) {
            int at = row * bias.length;
            for (int d = 0; d < bias.length; d++) {
                rows[at + d] = Math.max(rows[at + d] + bias[d], 0f);
            }
        }
    }

    @Override
    public float dot(float[] left, int leftAt, float[] right, int rightAt, int width) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int d = 0;
        for (; d + 4 <= width; d += 4) {
            s0 += left[leftAt + d] * right[rightAt + d];
            s1 += left[leftAt + d + 1] * right[rightAt + d + 1];
            s2 += left[leftAt + d + 2] * right[rightAt + d + 2];
            s3 += left[leftAt + d + 3] * right[rightAt + d + 3];
        }
        for (; d < width; d++) {
            s0 += left[leftAt + d] * right[rightAt + d];
        }
        return (s0 + s1) + (s2 + s3);
    }

    @Override
    public float max(float[] numbers, int from, int to) {
        float max = Float.NEGATIVE_INFINITY;
        for (int at = from; at < to; at++) {
            max = Math.max(max, numbers[at]);
        }
        return max;
    }

    @Override
    public boolean areFinite(float[] numbers, int from, int to) {
        float sum = 0;
        for (int at = from; at < to; at++) {
            sum += 0f * numbers[at]; // NaN for what is not finite, else 0
        }
        return sum == 0f;
    }

    @Override
    public int countAbove(float[] numbers, int from, int to, float mark) {
        int count = 0;
        for (int at = from; at < to; at++) {
            count += numbers[at] > mark ? 1 : 0;
        }
        return count;
    }

    @Override
    public int countBelow(float[] numbers, int from, int to, float mark) {
        int count = 0;
        for (int at = from; at < to; at++) {
            count += numbers[at] < mark ? 1 : 0;
        }
        return count;
    }

    @Override
    public void byteProducts(short[] row, byte[] bytes, int columns, int[] products) {
        Arrays.fill(products, 0, columns, 0);
        for (int p = 0; p < row.length; p++) {
            for (int column = 0; column < columns; column++) {
                products[column] += row[p] * bytes[Loops.byteAt(row.length, p, column)];
            }
        }
    }

    @Override
    public boolean areBytesFast() {
        return false;
    }

    @Override
    public void combine(
            float a,
            float[] x,
            int[] n,
            float b,
            float[] y,
            float c,
            float[] z,
            float d,
            int count,
            float[] sum,
            float[] rest) {
        for (int at = 0; at < count; at++) {
            rest[at] = b * y[at] + c * z[at] + d;
            sum[at] = a * x[at] * n[at] + rest[at];
        }
    }
}
