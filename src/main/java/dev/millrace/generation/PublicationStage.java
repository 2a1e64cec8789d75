package dev.millrace.generation;

/** How far a learner has come with publishing its generation. Stored as {@link #code}. */
public enum PublicationStage {
    /** Nothing of it went out, or nothing that others may use. */
    UNKNOWN(0),
    /** Some of its vectors went out. */
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

    /** The stage of a stored code; a higher code than any known is {@link #COMPLETE}. */
    public static PublicationStage of(int code) {
        return code >= COMPLETE.code ? COMPLETE : code >= STARTED.code ? STARTED : UNKNOWN;
    }
}
