package dev.millrace.topic.transaction;

import java.util.Optional;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;

/**
 * An open transaction and what is known of its end.
 *
 * @param transactionalId of its producer; absent if no coordinator knows the producer, or this process may not ask (DESCRIBE)
 * @param reason for the fate, for people
 */
public record JudgedTransaction(OpenTransaction open, Optional<String> transactionalId, Fate fate, String reason) {

    /** Version of the feature transaction.version from which each transaction has an epoch of its own. */
    private static final int EPOCH_PER_TRANSACTION = 2;

    /**
     * Judges an open transaction by what its coordinator says.
     *
     * <p>A coordinator remembers one transaction for each transactional id: the last. Since Kafka 4.0 (transaction.version 2) each
     * transaction has an epoch of its own, and its end raises the epoch by one. So the last transaction was the one in the log if and only if the log's
     * epoch is one below the coordinator's. With older versions several transactions share an epoch, and nothing is decided.
     *
     * @param open found in the log before and after the coordinator was asked
     * @param coordinator what it said; absent if none knows the producer
     * @param transactionVersion that the cluster has finalized
     */
    static JudgedTransaction of(
            OpenTransaction open,
            Optional<String> transactionalId,
            Optional<TransactionDescription> coordinator,
            int transactionVersion) {
        return new JudgedTransaction(
                open,
                transactionalId,
                coordinator.map(last -> fate(open, last, transactionVersion)).orElse(Fate.UNDECIDED),
                coordinator
                        .map(last -> "its coordinator is in state " + last.state() + " at epoch " + last.producerEpoch()
                                + ", the log at epoch " + open.epoch())
                        .orElse("no coordinator that this process may ask knows the producer"));
    }

    private static Fate fate(OpenTransaction open, TransactionDescription last, int transactionVersion) {
        if (!isComplete(last) && last.topicPartitions().contains(open.topicPartition())) {
            return Fate.RUNNING;
        }
        boolean isLast = transactionVersion >= EPOCH_PER_TRANSACTION
                && last.producerId() == open.producerId()
                && last.producerEpoch() == open.epoch() + 1;
        return isLast && last.state() == TransactionState.COMPLETE_COMMIT
                ? Fate.COMMITTED
                : isLast && last.state() == TransactionState.COMPLETE_ABORT ? Fate.ABORTED : Fate.UNDECIDED;
    }

    /** Whether its coordinator has ended the last transaction of an id. */
    static boolean isComplete(TransactionDescription described) {
        return switch (described.state()) {
            case EMPTY, COMPLETE_COMMIT, COMPLETE_ABORT, UNKNOWN -> true;
            case ONGOING, PREPARE_COMMIT, PREPARE_ABORT, PREPARE_EPOCH_FENCE -> false;
        };
    }

    /** Whether the log lacks an end that nobody is going to write. */
    public boolean isOrphan() {
        return fate != Fate.RUNNING;
    }

    /** One line: where, whose, since when, and what is known. */
    public String text() {
        return "transaction of producer " + open.producerId()
                + transactionalId.map(id -> " (" + id + ")").orElse("")
                + " on " + open.place() + " from offset " + open.firstOffset() + ", last written " + open.lastWrite()
                + ": " + fate.text() + ", " + reason;
    }
}
