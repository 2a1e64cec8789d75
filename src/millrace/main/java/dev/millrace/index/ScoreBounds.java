package dev.millrace.index;

/** What the scores of a chunk's rows lie between, and room to compute it. One thread. */
final class ScoreBounds {

    private static final float ROUNDING = 8 * Math.ulp(1f); // of what the weights add, and of the lower bound

    private final boolean areOfBytes;
    private final int[] sums = new int[IndexChunk.ROWS];
    private final float[] upper = new float[IndexChunk.ROWS];
    private final float[] slack = new float[IndexChunk.ROWS];

    /** @param areOfBytes whether they are computed from the vectors in bytes */
    ScoreBounds(boolean areOfBytes) {
        this.areOfBytes = areOfBytes;
    }

    /** Whether they are computed from the vectors in bytes. If not, they are the scores. */
    boolean areOfBytes() {
        return areOfBytes;
    }

    /** [rows] scratch */
    int[] sums() {
        return sums;
    }

    /** [rows] what no score is larger than */
    float[] upper() {
        return upper;
    }

    /** [rows] half of how far below that a score may be; zeros if they are the scores */
    float[] slack() {
        return slack;
    }

    /** Adds a number to a row's score, and so to its bounds. */
    void add(int row, float number) {
        if (areOfBytes) {
            slack[row] += ROUNDING * Math.abs(upper[row]); // what rounding made of score and bound until now
        }
        upper[row] += number;
    }

    /** Adds numbers to the scores of the first rows. */
    void addAll(float[] numbers, int count) {
        for (int row = 0; row < count; row++) {
            slack[row] += areOfBytes ? ROUNDING * Math.abs(upper[row]) : 0;
            upper[row] += numbers[row];
        }
    }

    /** What a row's score is not smaller than; NaN or infinite where floats cannot hold it. */
    float lower(int row) {
        float high = upper[row];
        return high - 2 * slack[row] - ROUNDING * (Math.abs(high) + slack[row]);
    }
}
