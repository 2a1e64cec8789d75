package dev.millrace.model;

import dev.millrace.model.network.NetworkExport;

/** Receives a tower, from its input row to a vector, see {@link TwoTower#exportTower}. */
public interface TowerExport extends NetworkExport {

    /** [n, width] The input rows of the tower. */
    String input(int width);

    /** [1, channels] The factors of the channels, an input. */
    String factors(int channels);

    /** Each row divided by its Euclidean length; zeros if the length is below the least. */
    String unit(String in, float leastLength);

    /** [n, width] The vectors, the output. */
    void output(String value, int width);
}
