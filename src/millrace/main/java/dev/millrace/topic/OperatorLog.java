package dev.millrace.topic;

import dev.millrace.operation.Operator;
import dev.millrace.operation.OperatorAction;
import dev.millrace.operation.OperatorAction.Kind;
import dev.millrace.operation.OperatorAction.Result;
import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.wire.Topic;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * The audit log of what an operator orders, in the topic operator-actions.
 *
 * <p>The brokers have acknowledged an entry before the change begins: no change is without one. If they do not take it, nothing is
 * changed. If the change fails, a second entry says so; that one may fail with it. Safe for threads.
 */
public final class OperatorLog {

    private final Cluster cluster;
    private final Operator operator;
    private final InstantSource clock;

    public OperatorLog(Cluster cluster, Operator operator, InstantSource clock) {
        this.cluster = cluster;
        this.operator = operator;
        this.clock = clock;
    }

    /** All entries that are committed now, the oldest first. */
    public static List<OperatorAction> entries(Cluster cluster) {
        List<OperatorAction> entries = new ArrayList<>();
        cluster.readAll(Topic.OPERATOR_ACTIONS, cluster.topics().operatorActions(), entries::add);
        return entries;
    }

    /** What the operator orders now, as the entry has it if the rules allow it. */
    public OperatorAction ordered(Kind kind, String target, String detail) {
        return new OperatorAction(kind, target, Result.ACCEPTED, detail, clock.millis(), operator);
    }

    /** Enters that the rules do not allow an order. */
    public void refused(OperatorAction ordered, String why) {
        append(ordered.with(Result.REFUSED, why));
    }

    /** Enters what came of a verification. */
    public void verified(Kind kind, String target, boolean agrees, String detail) {
        append(ordered(kind, target, detail).with(agrees ? Result.AGREES : Result.DIFFERS, detail));
    }

    /**
     * Enters an order, and then carries it out.
     *
     * @throws BrokerUnreachableException if the brokers do not take the entry: nothing is changed
     */
    public <T> T carryOut(OperatorAction ordered, Supplier<T> change) {
        append(ordered);
        try {
            return change.get();
        } catch (RuntimeException failed) {
            try {
                append(ordered.with(Result.FAILED, String.valueOf(failed.getMessage())));
            } catch (RuntimeException unsaid) {
                failed.addSuppressed(unsaid);
            }
            throw failed;
        }
    }

    private void append(OperatorAction entry) {
        cluster.append(Topic.OPERATOR_ACTIONS, cluster.topics().operatorActions(), entry, entry.at());
    }
}
