package dev.millrace.exam;

import dev.millrace.state.Form;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * The exam over a window of the last scored events. One thread.
 *
 * <p>It keeps totals at points that are at least one part of the window apart, and it advances by at least one part. Where
 * few events are scored a step, the window would be full only after thousands of steps. Then it advances by smaller parts, and
 * its last stretches can be judged before it is full. They are short, so whoever judges them must allow for chance.
 */
public final class ExamWindow {

    /** Number of parts of a window. */
    public static final int PARTS = 16;

    private static final int SMALL_PARTS = 64;
    /** Fewest steps of a small part, and of a stretch that is judged before the window is full. */
    private static final int STEPS = 64;

    private record Mark(long step, ExamTotals totals) {

        long scored() {
            return totals.model().scored();
        }
    }

    /**
     * The last exams.
     *
     * @param exam their totals
     * @param isFull whether they have as many scored events as a window
     */
    public record Stretch(ExamTotals exam, boolean isFull) {}

    /**
     * An advance of the window.
     *
     * @param share of the window that is new, at most one part
     * @param stretches that can be judged, the shortest first; empty in the beginning
     */
    public record Advance(double share, List<Stretch> stretches) {}

    private final long events;
    private final Deque<Mark> marks = new ArrayDeque<>();

    /** @param events least number of scored events in a window */
    public ExamWindow(long events) {
        this.events = events;
    }

    /**
     * Takes the totals since the beginning.
     *
     * @param step of the log
     * @return absent if the window did not advance
     */
    public Optional<Advance> moved(long step, ExamTotals totals) {
        Mark now = new Mark(step, totals);
        if (marks.isEmpty()) {
            marks.add(now);
            return Optional.of(new Advance(0, List.of()));
        }
        long advanced = now.scored() - marks.getLast().scored();
        boolean isPart = advanced >= Math.max(1, events / PARTS);
        boolean isSmallPart = advanced >= Math.max(1, events / SMALL_PARTS) && step - marks.getLast().step >= STEPS;
        if (!isPart && !isSmallPart) {
            return Optional.empty();
        }
        marks.add(now);
        while (now.scored() - second().scored() >= events) {
            marks.removeFirst();
        }
        return Optional.of(new Advance(isPart ? 1.0 / PARTS : (double) advanced / events, stretches(now)));
    }

    /** Forgets all exams but where the last one ended. */
    public void restart() {
        while (marks.size() > 1) {
            marks.removeFirst();
        }
    }

    private List<Stretch> stretches(Mark now) {
        List<Stretch> stretches = new ArrayList<>();
        for (Iterator<Mark> each = marks.descendingIterator(); each.hasNext(); ) {
            Mark from = each.next();
            boolean isFull = now.scored() - from.scored() >= events;
            if (isFull || now.step - from.step >= STEPS) {
                stretches.add(new Stretch(now.totals.minus(from.totals), isFull));
            }
        }
        return Collections.unmodifiableList(stretches);
    }

    /** Writes the state, or reads it. */
    public void fields(Form form) {
        List<Mark> kept = form.list(
                List.copyOf(marks),
                new Mark(0, ExamTotals.NONE),
                (of, mark) -> new Mark(mark.step, mark.totals.fields(of)));
        marks.clear();
        kept.forEach(mark -> marks.add(new Mark(form.longInteger(mark.step), mark.totals)));
    }

    private Mark second() {
        Iterator<Mark> each = marks.iterator();
        each.next();
        return each.next();
    }
}
