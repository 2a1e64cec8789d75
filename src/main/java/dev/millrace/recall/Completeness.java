package dev.millrace.recall;

/** The rule that says when a generation may be served. */
public interface Completeness {

    /** Of the known items that a generation must have to be served. */
    double SHARE = 0.95;

    boolean isComplete(Progress progress);

    /**
     * How far a generation has come.
     *
     * @param items in its index
     * @param knownItems distinct items that the topic holds a vector of, of whatever generation
     * @param isEncoderReady whether its encoder has all its weights
     * @param isCaughtUp whether everything that was in the topics at start has been read
     */
    record Progress(int items, int knownItems, boolean isEncoderReady, boolean isCaughtUp) {}

    /**
     * Caught up, with an encoder, and with {@value #SHARE} of all items that have a vector of any generation. Not all, because an
     * item that only an earlier generation knew never comes over.
     */
    static Completeness byItemCount() {
        return progress -> progress.isCaughtUp()
                && progress.isEncoderReady()
                && progress.items() > 0
                && progress.items() >= SHARE * progress.knownItems();
    }
}
