package dev.millrace.exam;

import java.util.ArrayList;
import java.util.List;

/**
 * The exam's totals at points of the training. The totals of any part of it follow from two points, as precisely as
 * commits allow.
 */
public final class ExamTrail {

    private static final int MAX_POINTS = 4_000;
    private static final int LEAST_SCORED = 100;

    private record Point(long positives, ExamTotals exam) {}

    private final List<Point> points = new ArrayList<>(List.of(new Point(0, ExamTotals.NONE)));

    /**
     * Adds a later point. Does nothing if it is not later than the last one.
     *
     * @param positives number of positives learnt since the beginning
     * @param exam totals since the beginning
     */
    public void add(long positives, ExamTotals exam) {
        if (positives > last().positives) {
            points.add(new Point(positives, exam));
        }
        if (points.size() > MAX_POINTS) { // every other point of the older half is dropped
            for (int at = points.size() / 2; at > 0; at -= 2) {
                points.remove(at);
            }
        }
    }

    /** Returns the totals over at least the last {@code positives} positives, and over more if few of them were scored. */
    public ExamTotals ofLast(long positives) {
        ExamTotals found = last().exam.minus(at(last().positives - positives).exam);
        for (int at = points.size() - 1; at >= 0 && found.model().scored() < LEAST_SCORED; at--) {
            if (points.get(at).positives < last().positives - positives) {
                found = last().exam.minus(points.get(at).exam);
            }
        }
        return found;
    }

    /** Returns the totals over at least the second half of the positives. */
    public ExamTotals ofSecondHalf() {
        return last().exam.minus(at(last().positives - last().positives / 2).exam);
    }

    private Point last() {
        return points.get(points.size() - 1);
    }

    private Point at(long positives) {
        Point found = points.get(0);
        for (Point point : points) {
            if (point.positives > positives) {
                break;
            }
            found = point;
        }
        return found;
    }
}
