package dev.millrace.stream;

/** Places in the course of a process at which a test ends it, as SIGKILL would. */
public enum KillPoint {
    /** As {@link #PRODUCED_BEFORE_COMMIT}, of attribution. */
    ATTRIBUTION_PRODUCED_BEFORE_COMMIT,
    /** As {@link #COMMITTED_BEFORE_STORES}, of attribution. */
    ATTRIBUTION_COMMITTED_BEFORE_STORES,
    /** A step's gradient is computed, and nothing of it applied. */
    AFTER_GRADIENT,
    /** A batch is in the log, in a transaction that is open, and not learnt. */
    BATCH_LOGGED,
    /** A few of a commit's vectors are on the broker. */
    MID_PUBLISH,
    /** All of a commit's vectors are on the broker; of the learner's entries the first is in the store, none in the changelog. */
    BEFORE_STORE_WRITE,
    /** All of a commit's entries are in the store and, on the broker, in the changelog. */
    AFTER_STORE_WRITE,
    /** All of a transaction of the learner is on the broker, vectors and offsets too, and its commit is not asked for. */
    PRODUCED_BEFORE_COMMIT,
    /** The learner's transaction is committed, and its store is not. */
    COMMITTED_BEFORE_STORES,
    /** Transaction and store of the learner are committed, and the next transaction is not begun. */
    BETWEEN_TRANSACTIONS,
    /** Some of the learner's entries are restored, of a store that was gone. */
    DURING_RESTORE,
    /** An audit's checkpoint is written, and not yet under its name. */
    DURING_CHECKPOINT;

    /** How a process ends here: as the shell reports SIGKILL. */
    public static final int STATUS = 128 + 9;

    /** What a process prints that ends here. */
    public String announcement() {
        return "halting at " + name();
    }

    /** Says so and ends the process at once: nothing is closed, nothing is flushed. */
    public void halt() {
        System.out.println(announcement());
        System.out.flush();
        Runtime.getRuntime().halt(STATUS);
    }
}
