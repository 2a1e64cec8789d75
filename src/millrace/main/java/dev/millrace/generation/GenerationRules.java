package dev.millrace.generation;

import dev.millrace.generation.GenerationFact.Kind;
import java.util.Optional;

/**
 * The rules for promoting, rolling back, retiring, handing over and publishing generations, given their history.
 *
 * <p>Each method returns the fact to append to the history, or refuses. Times are epoch milliseconds, wall clock. What decides is a
 * command, such as {@code millrace model promote}, or HTTP.
 */
public final class GenerationRules {

    private final GenerationHistory history;

    public GenerationRules(GenerationHistory history) {
        this.history = history;
    }

    /**
     * Promotes a generation: it is to answer.
     *
     * @throws GenerationRefusedException if it is not known, not complete, retired, or answers already
     */
    public GenerationFact promote(String generation, long at, String by) {
        requireKnown(generation);
        if (history.is(generation, Kind.RETIRED)) {
            throw new GenerationRefusedException("generation " + generation + " is retired: its records are gone");
        }
        if (!history.is(generation, Kind.COMPLETE)) {
            throw new GenerationRefusedException("generation " + generation
                    + " is not complete: its learner has not caught up, or withholds its vectors");
        }
        if (answers(generation)) {
            throw new GenerationRefusedException("generation " + generation + " is the one that answers");
        }
        return decided(generation, Kind.PROMOTED, at, by);
    }

    /**
     * Promotes the generation again that answered before.
     *
     * @throws GenerationRefusedException if there is none
     */
    public GenerationFact rollBack(long at, String by) {
        String before = history.answeredBefore()
                .orElseThrow(() -> new GenerationRefusedException("there is no generation to go back to: "
                        + history.answering()
                                .map(only -> only + " is the only one promoted")
                                .orElse("none was promoted yet")));
        return decided(before, Kind.PROMOTED, at, by);
    }

    /**
     * Retires a generation: it never answers again.
     *
     * @param ofTheLog generation of the learner that makes the mini-batches
     * @throws GenerationRefusedException if it is not known, answers, or its learner makes the mini-batches
     */
    public GenerationFact retire(String generation, Optional<String> ofTheLog, long at, String by) {
        requireKnown(generation);
        if (answers(generation)) {
            throw new GenerationRefusedException(
                    "generation " + generation + " answers: promote another, or roll back, before it is retired");
        }
        if (ofTheLog.filter(generation::equals).isPresent()) {
            throw new GenerationRefusedException("generation " + generation
                    + " is that of the learner that makes the mini-batches: without it no other learner gets any");
        }
        return decided(generation, Kind.RETIRED, at, by);
    }

    /** Gives a generation to another application: only that one may publish it from now on. Absent if it was never published. */
    public Optional<GenerationFact> handOver(String generation, String application) {
        return history.fact(generation, Kind.STARTED)
                .map(started -> new GenerationFact(
                        generation,
                        Kind.STARTED,
                        started.at(),
                        started.step(),
                        started.items(),
                        application,
                        started.settings()));
    }

    /**
     * Returns why an application may not publish a generation; absent if it may. A generation belongs to one
     * application, because vectors of two learners must not mix under one name.
     */
    public Optional<String> refusesToPublish(String generation, String application) {
        Optional<String> retired = history.fact(generation, Kind.RETIRED)
                .map(fact -> "must be another, as generation " + generation + " is retired");
        return retired.or(() -> history.fact(generation, Kind.STARTED)
                .map(GenerationFact::by)
                .filter(owner -> !owner.equals(application))
                .map(owner -> "must be another, as application " + owner + " has published generation " + generation
                        + " (millrace model hand-over gives it to another application)"));
    }

    private boolean answers(String generation) {
        return history.answering().filter(generation::equals).isPresent();
    }

    private void requireKnown(String generation) {
        if (!history.generations().contains(generation)) {
            throw new GenerationRefusedException("there is no generation " + generation + "; known: "
                    + (history.generations().isEmpty() ? "none" : String.join(", ", history.generations())));
        }
    }

    private static GenerationFact decided(String generation, Kind kind, long at, String by) {
        return new GenerationFact(generation, kind, at, 0, 0, by);
    }
}
