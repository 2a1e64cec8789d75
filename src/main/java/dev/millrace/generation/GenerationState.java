package dev.millrace.generation;

/** Where a generation stands in its life. */
public enum GenerationState {
    /** Its learner publishes, and not all items have a vector yet. */
    BUILDING("building"),
    /** It could answer, and was never promoted. */
    COMPLETE("complete"),
    /** It is to answer. */
    ANSWERS("answers"),
    /** It was promoted before the one that answers. */
    ANSWERED_BEFORE("answered before"),
    /** It will never answer again. */
    RETIRED("retired");

    private final String label;

    GenerationState(String label) {
        this.label = label;
    }

    /** The state as operators read it. */
    public String label() {
        return label;
    }
}
