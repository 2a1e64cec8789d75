package dev.millrace.serve;

import dev.millrace.experiment.Arm;
import dev.millrace.experiment.ArmAnswers;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Guard;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ScoredItem;
import dev.millrace.recall.Answer;
import dev.millrace.recall.RecallRequest;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What this server's latest answers to the users of each arm were like, while an experiment runs. Safe for threads.
 *
 * <p>Kept of each arm are the last {@link Guard#LEAST_ANSWERS} answers at least, and fewer than twice as many: so that what breaks shows at once, however long
 * all was well, and so that arms of unequal shares can be compared. Counted are answers that the arm's own generation gave, and that no request chose. They are
 * of users and not of clients: one user counts {@value #MOST_OF_A_USER} times in a window of {@link Guard#LEAST_ANSWERS}, and a question with a filter not at all,
 * as that may be one which nothing passes.
 */
public final class ServedAnswers {

    static final int MOST_OF_A_USER = 3;

    private final Map<Arm, ArmAnswers> before = new EnumMap<>(Arm.class);
    private final Map<Arm, ArmAnswers> now = new EnumMap<>(Arm.class);
    /** Answers by user in the windows of now. */
    private final Map<Arm, Map<String, Integer>> users = new EnumMap<>(Arm.class);

    private Optional<Experiment> experiment = Optional.empty();

    /** From the next answer on, those of this experiment are counted; absent for none. Another one than before begins anew. */
    public synchronized void follow(Optional<Experiment> running) {
        boolean goesOn = running.isPresent()
                && experiment.filter(running.get()::isSameAs).isPresent();
        if (!goesOn) {
            before.clear();
            now.clear();
            users.clear();
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
        if (!isOwn
                || users.computeIfAbsent(arm, one -> new HashMap<>()).merge(user, 1, Integer::sum) > MOST_OF_A_USER) {
            return;
        }
        ArmAnswers latest = now.computeIfAbsent(arm, one -> new ArmAnswers());
        latest.add(
                found.items().stream().map(ScoredItem::item).toList(),
                found.isColdStart(),
                nanos,
                catalogue,
                Math.max(0, at - found.publishedAt()));
        if (latest.answers() >= Guard.LEAST_ANSWERS) {
            before.put(arm, latest);
            now.remove(arm);
            users.remove(arm);
        }
    }

    /** Returns what the latest answers of each arm were like; arms without any are left out. */
    public synchronized Map<Arm, ArmAnswers> latest() {
        Map<Arm, ArmAnswers> latest = new EnumMap<>(before);
        now.forEach((arm, answers) -> latest.merge(arm, answers, ArmAnswers::plus));
        latest.replaceAll((arm, answers) -> answers.plus(new ArmAnswers())); // nobody else changes these
        return latest;
    }
}
