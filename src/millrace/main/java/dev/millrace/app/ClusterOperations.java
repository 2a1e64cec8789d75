package dev.millrace.app;

import dev.millrace.access.Operations;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.experiment.Experiment;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.operation.Operator;
import dev.millrace.operation.OperatorAction;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.ExperimentAdmin;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.OperatorLog;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** Carries out on the cluster what is ordered of a server. */
final class ClusterOperations implements Operations {

    private final Cluster cluster;
    private final AttributionSettings attribution;
    private final InstantSource clock;

    ClusterOperations(Cluster cluster, AttributionSettings attribution, InstantSource clock) {
        this.cluster = cluster;
        this.attribution = attribution;
        this.clock = clock;
    }

    @Override
    public Change promote(Operator operator, String generation) {
        GenerationHistory history = GenerationAdmin.history(cluster);
        return new Change(
                generation,
                new GenerationAdmin(cluster, log(operator)).promote(generation, history),
                history.caution(generation));
    }

    @Override
    public Change rollBack(Operator operator) {
        List<String> lastFirst = new GenerationAdmin(cluster, log(operator)).rollBack();
        return new Change(lastFirst.get(0), Optional.of(lastFirst.get(1)));
    }

    @Override
    public Experiment startExperiment(
            Operator operator, String name, String control, String treatment, Experiment.Plan plan) {
        attribution.refusesGoal(plan.action()).ifPresent(rule -> {
            throw new IllegalArgumentException("goal = " + plan.action() + ": " + rule);
        });
        return new ExperimentAdmin(cluster, log(operator))
                .start(name, control, treatment, plan.per(attribution.goalPer()));
    }

    @Override
    public Experiment stopExperiment(Operator operator, String name) {
        return new ExperimentAdmin(cluster, log(operator)).stop(name);
    }

    @Override
    public String erase(Operator operator, String user) {
        OperatorLog log = log(operator);
        OperatorAction ordered = log.ordered(OperatorAction.Kind.ERASE, OperatorAction.erased(user), "");
        return log.carryOut(ordered, () -> {
            try (EventProducer producer = cluster.producer()) {
                if (attribution.placement() == Placement.ANY) {
                    producer.removeUserEverywhere(user, ordered.at());
                } else {
                    producer.removeUser(user, ordered.at());
                }
                producer.flush();
            }
            return ordered.target();
        });
    }

    private OperatorLog log(Operator operator) {
        return new OperatorLog(cluster, operator, clock);
    }
}
