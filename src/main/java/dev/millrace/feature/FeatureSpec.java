package dev.millrace.feature;

/**
 * One declared input of a tower.
 *
 * @param name of the feature in the events' feature maps (free for ids and histories)
 * @param source where its value is read
 * @param kind how the value becomes numbers
 * @param table the embedding table that holds its rows; features may share one (a history shares the item ids')
 * @param dim floats it contributes to the tower's input: the row's width, a vector's length, 1 for a number
 * @param maxValues values of a bag, items of a history or parts of a text that are pooled, the first ones
 * @param pooling how a history's rows become one; the mean for all others
 * @param grams what of a text has rows; nothing for all others
 */
public record FeatureSpec(
        String name, Source source, Kind kind, String table, int dim, int maxValues, Pooling pooling, TextGrams grams) {

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
        /** Several categories or history items: their rows pooled, zero if there are none. */
        BAG,
        /** Words and runs of characters of a text: the mean of their rows, zero if there are none. */
        TEXT,
        /** How long ago an item appeared: one row for each doubling of the hours. */
        AGE,
        /** A number, normalised by running mean and variance; zero if absent. */
        NUMERIC,
        /** A vector, passed through; zeros if absent. */
        VECTOR
    }

    /** A feature whose rows, where there are several, count alike. */
    public FeatureSpec(String name, Source source, Kind kind, String table, int dim, int maxValues) {
        this(name, source, kind, table, dim, maxValues, Pooling.MEAN, TextGrams.NONE);
    }

    /** Whether its numbers come from an embedding table. */
    public boolean hasRows() {
        return switch (kind) {
            case ID, CATEGORICAL, BAG, TEXT, AGE -> true;
            case NUMERIC, VECTOR -> false;
        };
    }

    /** Whether it has as many rows as there are values, and values without a row do not count. */
    public boolean isBag() {
        return kind == Kind.BAG || kind == Kind.TEXT;
    }
}
