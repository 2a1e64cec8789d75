package dev.millrace.recall;

/** The rule that says when a generation may be served. */
public interface Completeness {

    boolean isComplete(Progress progress);

    /**
     * How far a generation has come.
     *
     * @param items in its index
     * @param servedItems in the index now served; 0 if none is
     * @param isEncoderReady whether its encoder has all its weights
     * @param isCaughtUp whether everything that was in the topics at start has been read
     */
    record Progress(int items, int servedItems, boolean isEncoderReady, boolean isCaughtUp) {}

    /** Caught up, with an encoder, with at least one item, and with no fewer items than the generation it takes over from. */
    static Completeness byItemCount() {
        return progress -> progress.isCaughtUp()
                && progress.isEncoderReady()
                && progress.items() > 0
                && progress.items() >= progress.servedItems();
    }
}
