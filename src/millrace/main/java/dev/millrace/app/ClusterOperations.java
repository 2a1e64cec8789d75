package dev.millrace.app;

import dev.millrace.access.Operations;
import dev.millrace.operation.Operator;
import dev.millrace.operation.OperatorAction;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.OperatorLog;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** Carries out on the cluster what is ordered of a server. */
final class ClusterOperations implements Operations {

    private final Cluster cluster;
    private final InstantSource clock;

    ClusterOperations(Cluster cluster, InstantSource clock) {
        this.cluster = cluster;
        this.clock = clock;
    }

    @Override
    public Change promote(Operator operator, String generation) {
        return new Change(
                generation,
                new GenerationAdmin(cluster, log(operator)).promote(generation, GenerationAdmin.history(cluster)));
    }

    @Override
    public Change rollBack(Operator operator) {
        List<String> lastFirst = new GenerationAdmin(cluster, log(operator)).rollBack();
        return new Change(lastFirst.get(0), Optional.of(lastFirst.get(1)));
    }

    @Override
    public String erase(Operator operator, String user) {
        OperatorLog log = log(operator);
        OperatorAction ordered = log.ordered(OperatorAction.Kind.ERASE, OperatorAction.erased(user), "");
        return log.carryOut(ordered, () -> {
            try (EventProducer producer = cluster.producer()) {
                producer.removeUser(user, ordered.at());
                producer.flush();
            }
            return ordered.target();
        });
    }

    private OperatorLog log(Operator operator) {
        return new OperatorLog(cluster, operator, clock);
    }
}
