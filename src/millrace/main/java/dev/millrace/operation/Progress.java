package dev.millrace.operation;

/** Is told how far a long task is. */
public interface Progress {

    /** Stands for how many there are, if that is not known. */
    long UNKNOWN = Long.MAX_VALUE;

    /** Tells nobody. */
    Progress NONE = (part, done, of) -> {};

    /**
     * Told again and again.
     *
     * @param part what is worked on now, such as a topic; may be empty
     * @param done how many are done, in whatever the task counts
     * @param of how many there are, or {@link #UNKNOWN}
     */
    void reached(String part, long done, long of);

    /** As {@link #reached(String, long, long)}, without a part. */
    default void reached(long done, long of) {
        reached("", done, of);
    }
}
