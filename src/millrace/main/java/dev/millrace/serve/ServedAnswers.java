package dev.millrace.serve;

import dev.millrace.experiment.AnswerWindow;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.ArmAnswers;
import dev.millrace.experiment.Experiment;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ScoredItem;
import dev.millrace.recall.Answer;
import dev.millrace.recall.RecallRequest;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What this server's answers to the users of each arm are like in the {@link AnswerWindow} that is open, while an experiment runs. Safe for threads.
 *
 * <p>Counted are answers that the arm's own generation gave, and that no request chose. They are of users and not of clients: one user counts {@value
 * #MOST_OF_A_USER} times in a window, and a question with a filter not at all, as that may be one which nothing passes. An arm of more users waits for the
 * other, so that both are of the same time; how much is kept is bounded.
 */
public final class ServedAnswers {

    static final int MOST_OF_A_USER = 3;
    static final long MOST_ANSWERS = 10_000;
    private static final long MOST_AHEAD = 100;

    private final Map<String, Integer> users = new HashMap<>(); // with their answers
    private AnswerWindow open = AnswerWindow.empty();
    private Optional<Experiment> experiment = Optional.empty();

    /** From the next answer on, those of this experiment are counted; absent for none. Another one than before begins anew. */
    public synchronized void follow(Optional<Experiment> running) {
        boolean goesOn = running.isPresent()
                && experiment.filter(running.get()::isSameAs).isPresent();
        if (!goesOn) {
            begin();
        }
        experiment = running;
    }

    /**
     * Counts an answer.
     *
     * @param nanos that it took
     * @param catalogue items of its generation
     * @param at epoch milliseconds
     */
    public void answered(RecallRequest question, Answer.Found found, long nanos, long catalogue, long at) {
        found.assigned()
                .filter(assigned -> question.filter().equals(ItemFilter.NONE))
                .ifPresent(assigned -> count(question.user(), assigned, found, nanos, catalogue, at));
    }

    private synchronized void count(
            String user, Answer.Assigned assigned, Answer.Found found, long nanos, long catalogue, long at) {
        Arm arm = assigned.arm();
        boolean isOwn = experiment
                .filter(running -> running.name().equals(assigned.experiment())
                        && running.generation(arm).equals(found.generation()))
                .isPresent();
        ArmAnswers own = open.of(arm);
        ArmAnswers other = open.of(arm == Arm.CONTROL ? Arm.TREATMENT : Arm.CONTROL);
        long most = Math.min(MOST_ANSWERS, MOST_AHEAD + 2 * other.answers());
        if (!isOwn || own.answers() >= most || users.merge(user, 1, Integer::sum) > MOST_OF_A_USER) {
            return;
        }
        open = new AnswerWindow(Math.min(open.from(), at), at, open.control(), open.treatment());
        own.add(
                found.items().stream().map(ScoredItem::item).toList(),
                found.isColdStart(),
                nanos,
                catalogue,
                Math.max(0, at - found.publishedAt()));
    }

    private void begin() {
        open = AnswerWindow.empty();
        users.clear();
    }

    /** Returns the window up to now. If it is full, the next answer begins another one. */
    public synchronized AnswerWindow take(long now) {
        AnswerWindow window = open.plus(AnswerWindow.of(Arm.CONTROL, now, now, new ArmAnswers()));
        if (window.isFull()) {
            begin();
        }
        return window;
    }
}
