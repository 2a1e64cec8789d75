package dev.millrace.model;

import dev.millrace.model.network.NetworkExport;

/** Takes in a tower, from its input row to a vector, see {@link TwoTower#exportTower}. */
public interface TowerExport extends NetworkExport {

    /** What the tower reads, [n, width]. */
    String input(int width);

    /** Factors of the channels, [1, channels], which whoever runs the tower gives. */
    String factors(int channels);

    /** Each row divided by its Euclidean length; zeros where that is below the least. */
    String unit(String in, float leastLength);

    /** The vectors, [n, width]. */
    void output(String value, int width);
}
