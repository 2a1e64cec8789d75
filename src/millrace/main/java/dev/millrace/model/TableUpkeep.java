package dev.millrace.model;

import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;

/** The event time of a model, and counts of the rows that its tables removed or did not admit. One thread. */
final class TableUpkeep {

    private long clock;
    private long waiting;
    private long expired;
    private long displaced;
    private boolean isDirty = true;

    /** Latest event time of a learned example, epoch milliseconds; 0 before the first. */
    long clock() {
        return clock;
    }

    /** Advances the clock; it never goes back. */
    void reach(long time) {
        clock = Math.max(clock, time);
        isDirty = true;
    }

    /** Adds the counts of one step. */
    void count(long newlyWaiting, long newlyExpired, long newlyDisplaced) {
        waiting += newlyWaiting;
        expired += newlyExpired;
        displaced += newlyDisplaced;
        isDirty = true;
    }

    /** @param rows of all tables now */
    RowCounts counts(long rows) {
        return new RowCounts(rows, waiting, expired, displaced);
    }

    /** Returns true if it changed since the last call. */
    boolean drain() {
        boolean wasDirty = isDirty;
        isDirty = false;
        return wasDirty;
    }

    byte[] entry() {
        return new Fields()
                .longInteger(clock)
                .longInteger(waiting)
                .longInteger(expired)
                .longInteger(displaced)
                .framed();
    }

    void restore(byte[] entry) {
        ByteBuffer payload = Frame.open(entry);
        clock = payload.getLong();
        waiting = payload.getLong();
        expired = payload.getLong();
        displaced = payload.getLong();
    }

    /** Marks the counts as stored. */
    void setClean() {
        isDirty = false;
    }
}
