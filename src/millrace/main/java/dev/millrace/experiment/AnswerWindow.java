package dev.millrace.experiment;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * What the answers to the users of both arms were like from one moment to another, of one server or of several.
 *
 * <p>A server's window is full, and the next one begins, when it has lasted 10 s and has 300 answers of each arm. So whoever counts three times in it is 1 %
 * of an arm at most, and moves no p99 alone.
 *
 * @param from its first answer, epoch milliseconds
 * @param to its end, epoch milliseconds
 */
public record AnswerWindow(long from, long to, ArmAnswers control, ArmAnswers treatment) {

    /** Windows of a server that are worth keeping: three times four make a merged one, two lie between, and one is open. */
    public static final int MOST_KEPT = 15;

    /** Answers that a window must have of each arm to say anything: ten of them may be slower than the p99, and a share of 1 % has a standard error of .3 %. */
    static final long LEAST_MERGED = 1_000;

    static final int MOST_MERGED = 3;
    private static final long LEAST_ANSWERS = 300;
    private static final long LEAST_MILLIS = 10_000;

    /** Returns a window without answers. */
    public static AnswerWindow empty() {
        return new AnswerWindow(Long.MAX_VALUE, Long.MIN_VALUE, new ArmAnswers(), new ArmAnswers());
    }

    /** Returns a window that knows of one arm only. */
    public static AnswerWindow of(Arm arm, long from, long to, ArmAnswers answers) {
        return arm == Arm.CONTROL
                ? new AnswerWindow(from, to, answers, new ArmAnswers())
                : new AnswerWindow(from, to, new ArmAnswers(), answers);
    }

    public ArmAnswers of(Arm arm) {
        return arm == Arm.CONTROL ? control : treatment;
    }

    /** Returns the answers of the arm that has fewer. */
    private long answers() {
        return Math.min(control.answers(), treatment.answers());
    }

    public boolean isFull() {
        return answers() >= LEAST_ANSWERS && to - from >= LEAST_MILLIS;
    }

    /** Returns this and another window. */
    public AnswerWindow plus(AnswerWindow other) {
        return new AnswerWindow(
                Math.min(from, other.from),
                Math.max(to, other.to),
                control.plus(other.control),
                treatment.plus(other.treatment));
    }

    /**
     * Merges the full ones of these, and returns the latest, newest first.
     *
     * <p>Between two merged windows lie 10 s: what comes between is left out. So what lasts less is in one of them, on however many servers. Those that began
     * last are taken first: a server of few answers, whose windows are long, holds up no other.
     */
    static List<AnswerWindow> merged(Collection<AnswerWindow> windows) {
        List<AnswerWindow> merged = new ArrayList<>();
        AnswerWindow open = empty();
        long end = Long.MAX_VALUE;
        for (AnswerWindow window : windows.stream()
                .filter(AnswerWindow::isFull)
                .sorted(Comparator.comparingLong(AnswerWindow::from).reversed())
                .toList()) {
            open = window.to <= end ? open.plus(window) : open;
            if (open.answers() >= LEAST_MERGED && merged.size() < MOST_MERGED) {
                merged.add(open);
                end = open.from - LEAST_MILLIS;
                open = empty();
            }
        }
        return merged;
    }
}
