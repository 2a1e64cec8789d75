package dev.millrace.model.network;

import java.util.List;

/**
 * Takes a tower's network down, operation by operation: for programs that run it without this one.
 *
 * <p>A value is a matrix [n, width], one row a user or item, or one row for all; it is called by the name that the operation
 * which made it gave back.
 */
public interface NetworkDrawing {

    /** What the network reads, [n, width]. */
    String input(int width);

    /** Factors of the channels, [1, channels], which whoever runs the network gives. */
    String factors(int channels);

    /**
     * {@code in W + b}.
     *
     * @param weights [in, out] row-major
     * @param bias [out]
     */
    String dense(String in, float[] weights, float[] bias);

    /** Number by number. */
    String activated(String in, Activation activation);

    /** The columns from and to, the end excluded. */
    String columns(String in, int from, int to);

    /** [n, 1] the mean of each row. */
    String mean(String in);

    /** Number by number. */
    String sum(String left, String right);

    /** Number by number; a single column, or a single row, goes with all of the other's. */
    String product(String left, String right);

    String scaled(String in, float factor);

    String sideBySide(List<String> parts);

    /** Each row divided by its Euclidean length; zeros where that is below the least. */
    String unit(String in, float leastLength);

    /** What the network makes, [n, width]. */
    void output(String value, int width);
}
