package dev.millrace.draft;

/**
 * A column that becomes a feature.
 *
 * @param column of the log
 * @param name of the feature
 * @param owner whose it is
 * @param shape of its values
 * @param distinct values in the sample
 * @param choice why it is the owner's, and of this shape
 */
record FeatureDraft(String column, String name, Owner owner, Shape shape, int distinct, Choice choice) {

    /** Whose a feature is. */
    enum Owner {
        USER,
        ITEM,
        CONTEXT
    }

    /**
     * How a feature is written and read.
     *
     * @param kind of the mapping
     * @param modelKind of the settings
     */
    record Shape(String kind, String modelKind) {
        static final Shape CATEGORY = new Shape("category", "categorical");
        static final Shape TEXT = new Shape("category", "text");
        static final Shape NUMBER = new Shape("number", "numeric");

        static Shape bag(String separator) {
            return new Shape("bag " + separator, "bag");
        }

        static Shape vector(String separator) {
            return new Shape("vector " + separator, "vector");
        }
    }
}
