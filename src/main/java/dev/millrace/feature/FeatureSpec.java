package dev.millrace.feature;

/**
 * One declared input of a tower.
 *
 * @param name of the feature in the events' feature maps (free for ids and histories)
 * @param source where its value is read
 * @param kind how the value becomes numbers
 * @param table the embedding table that holds its rows; features may share one (a history shares the item ids')
 * @param dim floats it contributes to the tower's input: the row's width, a vector's length, 1 for a number
 * @param maxValues values of a bag or items of a history that are pooled, the first ones
 */
public record FeatureSpec(String name, Source source, Kind kind, String table, int dim, int maxValues) {

    /** Where a feature's value is read. */
    public enum Source {
        /** The user's profile and counters. */
        USER,
        /** The catalogue. */
        ITEM,
        /** The exposure's own features. */
        CONTEXT,
        /** The user's last clicked items. */
        HISTORY
    }

    /** How a feature's value becomes numbers. */
    public enum Kind {
        /** The user's or item's id: one row a key. */
        ID,
        /** A category: one row a value; an absent value has a row of its own. */
        CATEGORICAL,
        /** Several categories or history items: the mean of their rows, zero if there are none. */
        BAG,
        /** A number, normalised by running mean and variance; zero if absent. */
        NUMERIC,
        /** A vector, passed through; zeros if absent. */
        VECTOR
    }

    /** Whether its numbers come from an embedding table. */
    public boolean hasRows() {
        return switch (kind) {
            case ID, CATEGORICAL, BAG -> true;
            case NUMERIC, VECTOR -> false;
        };
    }
}
