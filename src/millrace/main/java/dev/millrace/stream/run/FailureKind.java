package dev.millrace.stream.run;

import dev.millrace.model.FingerprintMismatchException;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.topic.fault.Causes;
import dev.millrace.topic.transaction.UndecidedTransactionException;
import dev.millrace.wire.RegistryUnreachableException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.rocksdb.RocksDBException;

/** Why a stream thread failed: decides what follows. */
enum FailureKind {
    /** An offset is no longer in its topic: the application stops, as no record may be skipped. */
    OFFSET_LOST,
    /** The disk of local state is full: the application goes on when there is space. */
    DISK_FULL,
    /** Local state cannot be written to. */
    STATE_UNWRITABLE,
    /** Local state is damaged: the next start removes and restores it. */
    STATE_DAMAGED,
    /**
     * The cluster does not answer as it should, such as with an error of its own, or has ended the transaction of a thread that stood still: a new thread goes on from the
     * last commit.
     */
    CLUSTER,
    /**
     * The brokers do not know a topic: it was removed, or a broker has just started and has not yet read which topics there are. Streams treats
     * it as fatal.
     */
    TOPIC_MISSING,
    /** The end of a transaction is lost, and only a person can decide it. */
    UNDECIDED,
    /** The schema registry does not answer. */
    REGISTRY,
    /** The state was begun under other settings, or by another engine. */
    OTHER_SETTINGS,
    /** A broken invariant, or any other error that a new attempt would meet again. */
    DEFECT;

    static FailureKind of(Throwable thrown) {
        return Causes.of(thrown)
                .flatMap(cause -> kind(cause).stream())
                .findFirst()
                .orElse(DEFECT);
    }

    /**
     * What Kafka does not try again, or Streams treats as fatal, and a new thread goes on from the last commit:
     *
     * <ul>
     *   <li>the brokers ended an open transaction, as they do when it grows too old while they cannot be reached;
     *   <li>a broker met an error that it has no name for, as with a full disk: an index is a mapped file, and a page of it that finds
     *       no space is no I/O error to the broker;
     *   <li>the brokers hold a killed process for alive, whose name in its groups this one has: where they give out the tasks
     *       themselves (KIP-1071), they keep the name for it until its session has ended.
     * </ul>
     */
    private static final Set<Class<? extends Exception>> OF_THE_CLUSTER = Set.of(
            InvalidTxnStateException.class,
            TransactionAbortableException.class,
            UnknownServerException.class,
            UnreleasedInstanceIdException.class);

    private static Optional<FailureKind> kind(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        String said = message.toLowerCase(Locale.ROOT);
        if (cause instanceof InvalidOffsetException || said.contains("no valid reset policy")) {
            return Optional.of(OFFSET_LOST);
        }
        if (cause instanceof UndecidedTransactionException) {
            return Optional.of(UNDECIDED);
        }
        if (said.contains("no space left on device") || said.contains("disk quota exceeded")) {
            return Optional.of(DISK_FULL);
        }
        if (said.contains("read-only file system")) {
            return Optional.of(STATE_UNWRITABLE);
        }
        if (cause instanceof RocksDBException && message.startsWith("Corruption")) {
            return Optional.of(STATE_DAMAGED);
        }
        if (cause instanceof InvalidSettingsException || cause instanceof FingerprintMismatchException) {
            return Optional.of(OTHER_SETTINGS);
        }
        if (cause instanceof RegistryUnreachableException) {
            return Optional.of(REGISTRY);
        }
        if (cause instanceof MissingSourceTopicException) {
            return Optional.of(TOPIC_MISSING);
        }
        return cause instanceof RetriableException || OF_THE_CLUSTER.stream().anyMatch(kind -> kind.isInstance(cause))
                ? Optional.of(CLUSTER)
                : Optional.empty();
    }
}
