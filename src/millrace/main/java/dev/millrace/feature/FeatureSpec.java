package dev.millrace.feature;

/**
 * One declared input feature of a tower.
 *
 * @param name name of the feature in the events' feature maps; of free choice for ids and histories of items. A history of a feature is
 *     named {@value #HISTORY_OF} and the item feature
 * @param source where its value comes from
 * @param kind how the value becomes numbers
 * @param table the embedding table that holds its rows; features may share one (a history shares the item ids')
 * @param dim number of floats in the tower's input: the width of a row, the length of a vector, 1 for a number
 * @param maxValues at most so many values of a bag, items of a history or parts of a text are pooled, the first ones
 * @param pooling how the rows of a history are pooled; the mean for other features
 * @param grams which parts of a text have rows; {@link TextGrams#NONE} for other features
 */
public record FeatureSpec(
        String name, Source source, Kind kind, String table, int dim, int maxValues, Pooling pooling, TextGrams grams) {

    /** What the name of a history of an item feature begins with. */
    public static final String HISTORY_OF = "history.";

    /** Where a feature's value comes from. */
    public enum Source {
        /** The user's profile and counters. */
        USER,
        /** The catalogue. */
        ITEM,
        /** The exposure's own features. */
        CONTEXT,
        /** The user's last clicked items, or a feature of these. */
        HISTORY
    }

    /** How a feature's value becomes numbers. */
    public enum Kind {
        /** The user's or item's id: one row per id. */
        ID,
        /** A category: one row per value; an absent value has a row of its own. */
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

    /** Returns true if its numbers come from an embedding table. */
    public boolean hasRows() {
        return switch (kind) {
            case ID, CATEGORICAL, BAG, TEXT, AGE -> true;
            case NUMERIC, VECTOR -> false;
        };
    }

    /** Whether it is the user's last clicked items, or a feature of these. */
    public boolean isHistory() {
        return source == Source.HISTORY;
    }

    /** Whether it is a feature of the user's last clicked items: each gives one row, as in the item tower. */
    public boolean isHistoryOfFeature() {
        return isHistory() && name.startsWith(HISTORY_OF);
    }

    /** Whether its keys are items of the catalogue, which have rows of their own. */
    public boolean namesItems() {
        return isHistory() ? !isHistoryOfFeature() : source == Source.ITEM && kind == Kind.ID;
    }

    /** Returns true if it has one row per value. Values without a row do not count. */
    public boolean isBag() {
        return kind == Kind.BAG || kind == Kind.TEXT || isHistory();
    }
}
