package dev.millrace.exam;

import java.util.ArrayList;
import java.util.List;

/** The exam's totals as training went on, from which those of any stretch follow, as nearly as commits allow. */
public final class ExamTrail {

    private static final int MAX_POINTS = 4_000;

    private record Point(long positives, ExamTotals exam) {}

    private final List<Point> points = new ArrayList<>(List.of(new Point(0, ExamTotals.NONE)));

    /**
     * Goes on to a later point; one that is not later changes nothing.
     *
     * @param positives learnt since the beginning
     * @param exam since the beginning
     */
    public void add(long positives, ExamTotals exam) {
        if (positives > last().positives) {
            points.add(new Point(positives, exam));
        }
        if (points.size() > MAX_POINTS) { // of the older half, every other point will do
            for (int at = points.size() / 2; at > 0; at -= 2) {
                points.remove(at);
            }
        }
    }

    /** Over the last so many positives, or somewhat more. */
    public ExamTotals ofLast(long positives) {
        return last().exam.minus(at(last().positives - positives).exam);
    }

    /** Over the second half of the positives, or somewhat more. */
    public ExamTotals ofSecondHalf() {
        return ofLast(last().positives / 2);
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
