package dev.millrace.serve;

import dev.millrace.experiment.Arm;
import dev.millrace.experiment.ArmAnswers;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Guard;
import dev.millrace.index.ScoredItem;
import dev.millrace.recall.Answer;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * What this server's latest answers to the users of each arm were like, while an experiment runs. Safe for threads.
 *
 * <p>Kept of each arm are the last {@link Guard#LEAST_ANSWERS} answers at least, and fewer than twice as many: so that what breaks shows at once, however long
 * all was well, and so that arms of unequal shares can be compared. Counted are answers that the arm's own generation gave, and that no request chose.
 */
public final class ServedAnswers {

    private final Map<Arm, ArmAnswers> before = new EnumMap<>(Arm.class);
    private final Map<Arm, ArmAnswers> now = new EnumMap<>(Arm.class);
    private Optional<Experiment> experiment = Optional.empty();

    /** From the next answer on, those of this experiment are counted; absent for none. Another one than before begins anew. */
    public synchronized void follow(Optional<Experiment> running) {
        boolean goesOn = running.isPresent()
                && experiment.filter(running.get()::isSameAs).isPresent();
        if (!goesOn) {
            before.clear();
            now.clear();
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
    public void answered(Answer.Found found, long nanos, long catalogue, long at) {
        found.assigned().ifPresent(assigned -> count(assigned, found, nanos, catalogue, at));
    }

    private synchronized void count(Answer.Assigned assigned, Answer.Found found, long nanos, long catalogue, long at) {
        Arm arm = assigned.arm();
        boolean isOwn = experiment
                .filter(running -> running.name().equals(assigned.experiment())
                        && running.generation(arm).equals(found.generation()))
                .isPresent();
        if (!isOwn) {
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
