package dev.millrace.model;

import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;

/** The event time of a model, and what became of the rows that its tables removed or did not admit. One thread. */
final class TableUpkeep {

    private long clock;
    private long waiting;
    private long expired;
    private long displaced;
    private boolean isDirty = true;

    /** Latest event time learnt, epoch milliseconds; 0 before any. */
    long clock() {
        return clock;
    }

    /** Moves the clock on; it never goes back. */
    void reach(long time) {
        clock = Math.max(clock, time);
        isDirty = true;
    }

    /** Counts what became of rows in a step. */
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

    /** Notes that what is held is what is stored. */
    void setClean() {
        isDirty = false;
    }
}
