package dev.millrace.model.graph;

/**
 * An input of a graph, as columns of the tower's input rows. Features are their first columns. A sequence has the number of its places, then [places,
 * width] the rows of a history, the oldest first.
 *
 * @param first first column
 * @param width of the features, or of a row of the history
 * @param places most rows of a history; 0 for features
 */
public record GraphInput(String name, int first, int width, int places) {

    /** Name of the input that takes the features. */
    public static final String FEATURES = "features";

    public boolean isSequence() {
        return places > 0;
    }

    /** Returns the first column of a row of a history, of which the oldest has place 0. */
    public int column(int place) {
        return first + 1 + place * width;
    }

    /** Columns that it takes. */
    public int columns() {
        return isSequence() ? 1 + places * width : width;
    }
}
