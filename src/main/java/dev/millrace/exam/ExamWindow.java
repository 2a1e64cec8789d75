package dev.millrace.exam;

import dev.millrace.state.Fields;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;

/**
 * The exam over a window of the last scored events. One thread.
 *
 * <p>It keeps totals at points that are at least one part of the window apart, and it advances by at least one part.
 */
public final class ExamWindow {

    /** Number of parts of a window. */
    public static final int PARTS = 16;

    private final long events;
    private final Deque<ExamTotals> marks = new ArrayDeque<>();

    /** @param events least number of scored events in a window */
    public ExamWindow(long events) {
        this.events = events;
    }

    /**
     * Takes the totals since the beginning.
     *
     * @return the totals over the window, if it advanced and is full
     */
    public Optional<ExamTotals> moved(ExamTotals totals) {
        long scored = totals.model().scored();
        if (marks.isEmpty()) {
            marks.add(totals);
            return Optional.empty();
        }
        if (scored - marks.getLast().model().scored() < Math.max(1, events / PARTS)) {
            return Optional.empty();
        }
        marks.add(totals);
        while (scored - second().model().scored() >= events) {
            marks.removeFirst();
        }
        ExamTotals first = marks.getFirst();
        return scored - first.model().scored() >= events ? Optional.of(totals.minus(first)) : Optional.empty();
    }

    /** Appends the state. */
    public void write(Fields fields) {
        fields.integer(marks.size());
        for (ExamTotals mark : marks) {
            write(fields, mark.model());
            write(fields, mark.popularity());
            fields.longInteger(mark.withoutHistory());
        }
    }

    /** Restores the state that {@link #write} appended. */
    public void read(ByteBuffer payload) {
        marks.clear();
        for (int left = payload.getInt(); left > 0; left--) {
            marks.add(new ExamTotals(ranking(payload), ranking(payload), payload.getLong()));
        }
    }

    private ExamTotals second() {
        Iterator<ExamTotals> each = marks.iterator();
        each.next();
        return each.next();
    }

    private static void write(Fields fields, RankingTotals totals) {
        fields.longInteger(totals.scored());
        for (long hits : totals.hits()) {
            fields.longInteger(hits);
        }
        fields.number(totals.gain10());
    }

    private static RankingTotals ranking(ByteBuffer payload) {
        long scored = payload.getLong();
        long[] hits = new long[RankingTotals.CUTOFFS.size()];
        for (int at = 0; at < hits.length; at++) {
            hits[at] = payload.getLong();
        }
        return new RankingTotals(scored, hits, payload.getDouble());
    }
}
