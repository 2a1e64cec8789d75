package dev.millrace.generation;

/** The state of a generation in its life. */
public enum GenerationState {
    /** Its learner publishes, and not all items have a vector yet. */
    BUILDING("building"),
    /** It can answer, but was never promoted. */
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

    /** Returns the state as operators read it. */
    public String label() {
        return label;
    }
}
