package dev.millrace.topic.transaction;

import dev.millrace.topic.fault.MissingRightException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at intervals for transactions that readers of committed records cannot pass. It names each that stands for long, once.
 *
 * <p>Orphans of a machine that is gone for good have no producer that would settle them: a watch that may settle does.
 */
public final class TransactionWatch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TransactionWatch.class);
    private static final Duration EVERY = Duration.ofSeconds(5);

    /** Brokers look for transactions that are too old every 10 s by default; twice that, and the markers have been written. */
    private static final Duration TIMEOUT_CHECK = Duration.ofSeconds(20);

    private final Supplier<Set<TopicPartition>> partitions;
    private final Function<Set<TopicPartition>, List<JudgedTransaction>> look;
    private final Duration longest;
    private final Map<OpenTransaction, Long> since = new HashMap<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = new Thread(this::watch, "watch-transactions");
    private volatile List<JudgedTransaction> standing = List.of();
    private boolean isRefusalLogged;

    /**
     * @param partitions to look at, asked for anew each time
     * @param look {@link Transactions#settle}, or {@link Transactions#open} to look alone
     * @param transactionTimeout after which the brokers end a transaction; one that is open for clearly longer stands
     */
    public TransactionWatch(
            Supplier<Set<TopicPartition>> partitions,
            Function<Set<TopicPartition>, List<JudgedTransaction>> look,
            Duration transactionTimeout) {
        this.partitions = partitions;
        this.look = look;
        this.longest = transactionTimeout.plus(TIMEOUT_CHECK);
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    /** Transactions that are open for too long, as last seen. */
    public List<JudgedTransaction> standing() {
        return standing;
    }

    @Override
    public void close() {
        closing.countDown();
    }

    private void watch() {
        try {
            while (!closing.await(EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                look();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Looks once. A right that is missing is logged once: the process goes on without this. */
    void look() {
        try {
            take(look.apply(partitions.get()), System.nanoTime());
        } catch (MissingRightException refused) {
            if (!isRefusalLogged) {
                isRefusalLogged = true;
                LOG.warn("Not checking for open transactions: {}", refused.getMessage());
            }
        } catch (RuntimeException noAnswer) {
            LOG.atDebug().setCause(noAnswer).log("Cannot check for open transactions yet");
        }
    }

    /** Takes what is open at a moment. */
    void take(List<JudgedTransaction> open, long nanos) {
        List<JudgedTransaction> before = standing;
        since.keySet().retainAll(open.stream().map(TransactionWatch::key).toList());
        List<JudgedTransaction> now = open.stream()
                .filter(one -> nanos - since.computeIfAbsent(key(one), key -> nanos) > longest.toNanos())
                .toList();
        now.stream()
                .filter(one -> before.stream().noneMatch(known -> known.open().isSameAs(one.open())))
                .forEach(one -> LOG.atWarn()
                        .addKeyValue("topic", one.open().topic())
                        .addKeyValue("partition", one.open().partition())
                        .addKeyValue("producerId", one.open().producerId())
                        .addKeyValue("transactionalId", one.transactionalId().orElse("unknown"))
                        .addKeyValue("offset", one.open().firstOffset())
                        .addKeyValue("lastWrite", one.open().lastWrite())
                        .addKeyValue("fate", one.fate().text())
                        .log("An open transaction blocks readers of committed records; see millrace"
                                + " transactions list"));
        standing = now;
    }

    /** The same transaction, however often its producer writes. */
    private static OpenTransaction key(JudgedTransaction one) {
        return one.open().atFirstOffset();
    }
}
