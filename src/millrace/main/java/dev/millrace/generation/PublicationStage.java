package dev.millrace.generation;

/** How far a learner has come with publishing its generation. Stored as {@link #code}. */
public enum PublicationStage {
    /** Nothing of it was published, or nothing that others may use. */
    UNKNOWN(0),
    /** Some of its vectors were published. */
    STARTED(1),
    /** All of its items have had a vector. */
    COMPLETE(2);

    private final int code;

    PublicationStage(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /** Returns the stage of a stored code. A higher code than any known one gives {@link #COMPLETE}. */
    public static PublicationStage of(int code) {
        return code >= COMPLETE.code ? COMPLETE : code >= STARTED.code ? STARTED : UNKNOWN;
    }
}
