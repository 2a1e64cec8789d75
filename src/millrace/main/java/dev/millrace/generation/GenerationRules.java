package dev.millrace.generation;

import dev.millrace.experiment.Experiment;
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
     * @throws GenerationRefusedException if it is not known, not complete, retired, or answers already, or if an experiment runs
     */
    public GenerationFact promote(String generation, long at, String by) {
        requireKnown(generation);
        requireNoExperiment();
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
     * @throws GenerationRefusedException if there is none, or if an experiment runs
     */
    public GenerationFact rollBack(long at, String by) {
        requireNoExperiment();
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
        if (history.runningExperiment()
                .filter(one -> one.treatment().equals(generation))
                .isPresent()) {
            requireNoExperiment();
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

    /**
     * Starts an experiment, or takes it one step further.
     *
     * @throws GenerationRefusedException if its generations cannot answer so, or another experiment or another step came first
     */
    public GenerationFact experiment(Experiment next, long at, String by) {
        Optional<Experiment> running = history.latestExperiment().filter(Experiment::isRunning);
        if (running.isPresent()) {
            if (!next.follows(running.get())) {
                throw new GenerationRefusedException(
                        "experiment " + running.get().name() + " is in stage "
                                + (running.get().stage() + 1)
                                + (next.isSameAs(running.get())
                                        ? ": another order came first"
                                        : ": there is one at a time (millrace experiment stop ends it)"));
            }
            return GenerationFact.of(next, at, by);
        }
        if (next.stage() > 0 || !next.isRunning()) {
            throw new GenerationRefusedException("experiment " + next.name() + " does not run");
        }
        requireKnown(next.control());
        requireKnown(next.treatment());
        if (!answers(next.control())) {
            throw new GenerationRefusedException("generation " + next.control()
                    + " does not answer: the first arm is the one that does, "
                    + history.answering().orElse("and none was promoted yet"));
        }
        boolean isKept = history.state(next.treatment()) == GenerationHistory.State.COMPLETE
                || history.answeredBefore().equals(Optional.of(next.treatment()));
        if (!isKept) {
            throw new GenerationRefusedException("generation " + next.treatment() + " is "
                    + history.state(next.treatment()).label() + ": it must be complete, or the one that answered last");
        }
        return GenerationFact.of(next, at, by);
    }

    private void requireNoExperiment() {
        history.runningExperiment().ifPresent(running -> {
            throw new GenerationRefusedException("experiment " + running.name() + " runs: millrace experiment stop "
                    + running.name() + " ends it first");
        });
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
