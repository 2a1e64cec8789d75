package dev.millrace.topic.transaction;

import java.util.Optional;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.TopicPartition;

/**
 * What the end of an open transaction is, from what its coordinator says.
 *
 * <p>A coordinator remembers one transaction for each transactional id: the last. Since Kafka 4.0 (transaction.version 2) each
 * transaction has an epoch of its own, and its end raises the epoch by one. So the last transaction was the one in the log if and only if the log's
 * epoch is one below the coordinator's. With older versions several transactions share an epoch, and nothing is decided.
 */
final class TransactionRules {

    /** Version of the feature transaction.version from which each transaction has an epoch of its own. */
    static final int EPOCH_PER_TRANSACTION = 2;

    private TransactionRules() {}

    /** What was found. */
    record Verdict(Fate fate, String reason) {}

    /**
     * @param open found in the log before and after the coordinator was asked
     * @param coordinator what it said; absent if none knows the producer
     * @param transactionVersion that the cluster has finalized
     */
    static Verdict judge(OpenTransaction open, Optional<TransactionDescription> coordinator, int transactionVersion) {
        if (coordinator.isEmpty()) {
            return new Verdict(Fate.UNDECIDED, "no coordinator that this process may ask knows the producer");
        }
        TransactionDescription last = coordinator.get();
        String state = "its coordinator is in state " + last.state() + " at epoch " + last.producerEpoch()
                + ", the log at epoch " + open.epoch();
        if (isHeld(open, last)) {
            return new Verdict(Fate.RUNNING, state);
        }
        boolean isLast = transactionVersion >= EPOCH_PER_TRANSACTION
                && last.producerId() == open.producerId()
                && last.producerEpoch() == open.epoch() + 1;
        if (isLast && last.state() == TransactionState.COMPLETE_COMMIT) {
            return new Verdict(Fate.COMMITTED, state);
        }
        if (isLast && last.state() == TransactionState.COMPLETE_ABORT) {
            return new Verdict(Fate.ABORTED, state);
        }
        return new Verdict(Fate.UNDECIDED, state);
    }

    private static boolean isHeld(OpenTransaction open, TransactionDescription last) {
        boolean isUnfinished =
                switch (last.state()) {
                    case ONGOING, PREPARE_COMMIT, PREPARE_ABORT, PREPARE_EPOCH_FENCE -> true;
                    case EMPTY, COMPLETE_COMMIT, COMPLETE_ABORT, UNKNOWN -> false;
                };
        return isUnfinished && last.topicPartitions().contains(new TopicPartition(open.topic(), open.partition()));
    }
}
