package dev.millrace.topic;

import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Experiment.Plan;
import dev.millrace.experiment.Experiment.Result;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.generation.GenerationRules;
import dev.millrace.operation.OperatorAction;
import dev.millrace.operation.OperatorAction.Kind;
import dev.millrace.wire.Topic;
import java.util.Locale;
import java.util.Optional;

/**
 * Orders the steps of experiments: it enters each in the {@link OperatorLog}, appends it to the history of generations, which servers follow, and refers
 * to it in the topic of exposures, where the attribution reads that.
 *
 * <p>It takes no lock. Of two orders for one step the first in the history holds; who made the second is told. If it dies before the references are
 * written, whoever decides or stops the experiment writes them: {@link #refer}.
 */
public final class ExperimentAdmin {

    private final Cluster cluster;
    private final OperatorLog log;

    /** @param log of what is ordered */
    public ExperimentAdmin(Cluster cluster, OperatorLog log) {
        this.cluster = cluster;
        this.log = log;
    }

    /**
     * Starts an experiment.
     *
     * @param name of it; its salt is made of this and the time
     * @throws GenerationRefusedException if its generations cannot answer so, or another experiment runs
     */
    public Experiment start(String name, String control, String treatment, Plan plan) {
        OperatorAction ordered = log.ordered(Kind.EXPERIMENT, name, "");
        Experiment started =
                Experiment.started(name, control, treatment, name + "-" + ordered.at(), plan, ordered.at());
        return carryOut(GenerationAdmin.history(cluster), started);
    }

    /**
     * Stops an experiment: the control answers all.
     *
     * @throws GenerationRefusedException if it does not run
     */
    public Experiment stop(String name) {
        GenerationHistory history = GenerationAdmin.history(cluster);
        Experiment running = history.latestExperiment()
                .filter(latest -> latest.name().equals(name) && latest.isRunning())
                .orElseThrow(() -> new GenerationRefusedException("experiment " + name + " does not run; "
                        + history.latestExperiment()
                                .map(latest -> "the latest is " + latest.name())
                                .orElse("there was none yet")));
        long now = log.ordered(Kind.EXPERIMENT, name, "").at();
        return carryOut(history, running.ended(Result.STOPPED, now, "an operator stopped it"));
    }

    /**
     * Takes an experiment one step further.
     *
     * @throws GenerationRefusedException if another order for the step came first
     */
    public Experiment order(Experiment next) {
        return carryOut(GenerationAdmin.history(cluster), next);
    }

    /**
     * Refers to a state in all partitions of the topic that the experiment counts. What has come to one before changes nothing there.
     *
     * @return false if it is not the latest: another order came first
     */
    public boolean refer(Experiment state) {
        Optional<ExperimentReference> latest = ExperimentFacts.latest(cluster, state);
        latest.ifPresent(reference -> {
            try (EventProducer producer = cluster.producer()) {
                producer.send(state, reference);
                producer.flush();
            }
        });
        return latest.isPresent();
    }

    private Experiment carryOut(GenerationHistory history, Experiment next) {
        OperatorAction ordered = log.ordered(Kind.EXPERIMENT, next.name(), step(next));
        GenerationFact fact;
        try {
            fact = new GenerationRules(history)
                    .experiment(next, ordered.at(), ordered.by().means());
        } catch (GenerationRefusedException refused) {
            log.refused(ordered, String.valueOf(refused.getMessage()));
            throw refused;
        }
        return log.carryOut(ordered, () -> {
            cluster.append(Topic.GENERATIONS, cluster.topics().generations(), fact, fact.at());
            if (!refer(next)) {
                throw new GenerationRefusedException(
                        "experiment " + next.name() + ": another order came first, nothing was changed");
            }
            return next;
        });
    }

    private static String step(Experiment next) {
        String arms = String.format(
                Locale.ROOT,
                "%s for %s %% of the users, %s for the others",
                next.treatment(),
                next.stages().get(next.stage()).percent(),
                next.control());
        return next.end()
                .map(end -> end.result().name().toLowerCase(Locale.ROOT).replace('_', ' ') + ": " + end.why())
                .orElse(arms);
    }
}
