package dev.millrace.model;

import dev.millrace.state.Form;
import dev.millrace.state.StoredFields;

/** The event time of a model, and counts of the rows that its tables removed or did not admit. One thread. */
final class TableUpkeep {

    private long clock;
    private long waiting;
    private long expired;
    private long displaced;
    private final StoredFields stored = new StoredFields(this::fields);

    TableUpkeep() {
        stored.change();
    }

    /** Latest event time of a learned example, epoch milliseconds; 0 before the first. */
    long clock() {
        return clock;
    }

    /** Advances the clock; it never goes back. */
    void reach(long time) {
        clock = Math.max(clock, time);
        stored.change();
    }

    /** Adds the counts of one step. */
    void count(long newlyWaiting, long newlyExpired, long newlyDisplaced) {
        waiting += newlyWaiting;
        expired += newlyExpired;
        displaced += newlyDisplaced;
        stored.change();
    }

    /** @param rows of all tables now */
    RowCounts counts(long rows) {
        return new RowCounts(rows, waiting, expired, displaced);
    }

    StoredFields stored() {
        return stored;
    }

    private void fields(Form form) {
        clock = form.longInteger(clock);
        waiting = form.longInteger(waiting);
        expired = form.longInteger(expired);
        displaced = form.longInteger(displaced);
    }
}
