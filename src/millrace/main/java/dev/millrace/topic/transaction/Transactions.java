package dev.millrace.topic.transaction;

import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.ClusterAdmin;
import dev.millrace.topic.fault.MissingRightException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;
import org.apache.kafka.common.utils.Utils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds transactions that have no end in the logs, judges them and writes the ends that are known.
 *
 * <p>Brokers of Kafka 4.3 and 4.4 drop the end of a transaction whose partition has no leader at that moment (KAFKA-20734), as after the kill
 * of a single broker. The coordinator then says that the transaction is complete, and the log holds it open for ever. Readers of committed records stop
 * before it. The next transaction of the same producer on that partition would decide it anew: a commit would show aborted records, an
 * abort would take committed ones away. So each producer of ours looks first ({@code SettledProducer}).
 *
 * <p>The order of the questions makes a verdict safe: the logs, then the coordinators, then the logs again. What was open both times, and whose
 * coordinator had completed it in between, will not get its end by itself. Safe for threads.
 */
public final class Transactions implements AutoCloseable {

    /** Kafka's own topic of offsets: trainers commit theirs in the transactions of what they write. */
    public static final String OFFSETS = "__consumer_offsets";

    private static final Logger LOG = LoggerFactory.getLogger(Transactions.class);
    private static final String CHANGELOG = "-changelog";
    private static final String TRANSACTION_VERSION = "transaction.version";
    private static final Duration FIRST_PAUSE = Duration.ofMillis(1);
    private static final Duration PAUSE = Duration.ofMillis(50);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

    /** A broker does not yet know the transactions of a coordinator that has just come to it, and does not say so. */
    private static final Duration UNDECIDED_FOR = Duration.ofSeconds(15);

    private final ClientSettings clients;
    private final Duration patience;
    private final Admin admin;
    private final Map<String, TopicPartition> offsets = new ConcurrentHashMap<>();

    /** @param patience how long the cluster may take to answer, or to end a transaction that it is ending */
    public Transactions(ClientSettings clients, Duration patience) {
        this.clients = clients;
        this.patience = patience;
        this.admin = new ClusterAdmin(clients, patience).admin();
    }

    /**
     * The partitions that Streams applications may write to.
     *
     * @param topics that they write beside their changelogs; one that does not exist is left out
     * @param applications their ids, which are their groups too
     */
    public Set<TopicPartition> written(Collection<String> topics, Collection<String> applications) {
        return ask(() -> {
            Set<String> names = ClusterAdmin.topics(admin).stream()
                    .filter(name -> topics.contains(name)
                            || name.equals(OFFSETS)
                            || applications.stream()
                                    .anyMatch(application ->
                                            name.startsWith(application + "-") && name.endsWith(CHANGELOG)))
                    .collect(Collectors.toSet());
            Set<TopicPartition> partitions = new HashSet<>();
            for (TopicDescription topic :
                    admin.describeTopics(names).allTopicNames().get().values()) {
                int count = topic.partitions().size();
                if (topic.name().equals(OFFSETS)) {
                    applications.forEach(
                            group -> partitions.add(new TopicPartition(OFFSETS, Utils.abs(group.hashCode()) % count)));
                } else {
                    topic.partitions()
                            .forEach(one -> partitions.add(new TopicPartition(topic.name(), one.partition())));
                }
            }
            return partitions;
        });
    }

    /** As {@link TransactionAdmin#listed}. */
    Set<String> listed() {
        return ask(() -> ClusterAdmin.topics(admin));
    }

    /** All transactions that are open there now, each with what is known of its end. */
    public List<JudgedTransaction> open(Set<TopicPartition> partitions) {
        return ask(() -> judge(partitions));
    }

    /** Orphans whose end is known get it. Returns what is still open then: transactions that run, and undecided ones. */
    public List<JudgedTransaction> settle(Set<TopicPartition> partitions) {
        return ask(() -> {
            List<JudgedTransaction> open = judge(partitions);
            List<JudgedTransaction> known = open.stream()
                    .filter(one -> one.fate() == Fate.ABORTED || one.fate() == Fate.COMMITTED)
                    .toList();
            for (JudgedTransaction one : known) {
                end(one.open(), one.fate() == Fate.COMMITTED);
            }
            return known.isEmpty() ? open : judge(partitions);
        });
    }

    /**
     * As {@link #settle}.
     *
     * @throws UndecidedTransactionException if the end of an orphan is not known
     */
    public void settleOrRefuse(Set<TopicPartition> partitions) {
        long deadline = System.nanoTime() + UNDECIDED_FOR.toNanos();
        List<JudgedTransaction> undecided = undecided(settle(partitions));
        while (!undecided.isEmpty()) {
            if (System.nanoTime() > deadline) {
                throw new UndecidedTransactionException(undecided);
            }
            ClusterAdmin.pause(LOOK_AGAIN);
            undecided = undecided(settle(partitions));
        }
    }

    /** Writes the end of an orphan, whatever is known of it. */
    public void end(OpenTransaction open, boolean isCommit) {
        ask(() -> {
            try (BrokerRequests requests = requests()) {
                requests.writeEnd(leader(open.topicPartition()), open, isCommit);
            } catch (InvalidProducerEpochException ended) {
                return false; // another process has ended it, and the producer has gone on
            }
            LOG.atWarn()
                    .addKeyValue("topic", open.topic())
                    .addKeyValue("partition", open.partition())
                    .addKeyValue("producerId", open.producerId())
                    .addKeyValue("offset", open.firstOffset())
                    .addKeyValue("end", isCommit ? "commit" : "abort")
                    .log("Wrote the end of a transaction that the brokers had lost");
            return true;
        });
    }

    /**
     * Ends the transaction that an earlier producer of this id has left open, so that its end is known: nothing else may be asked of the id
     * meanwhile.
     */
    void endRunning(String transactionalId) {
        ask(() -> {
            long deadline = System.nanoTime() + patience.toNanos();
            boolean isFenced = false;
            while (true) {
                Optional<TransactionDescription> found = coordinator(transactionalId);
                if (found.isEmpty() || JudgedTransaction.isComplete(found.get())) {
                    return true;
                }
                TransactionDescription running = found.get();
                if (System.nanoTime() > deadline) {
                    throw new TimeoutException("the transaction of " + transactionalId + " is in state "
                            + running.state() + " after " + patience.toSeconds() + " s");
                }
                if (running.state() == TransactionState.ONGOING && !isFenced) {
                    try (BrokerRequests requests = requests()) {
                        requests.fence(
                                node(running.coordinatorId()), transactionalId, (int) running.transactionTimeoutMs());
                    }
                    isFenced = true;
                }
                ClusterAdmin.pause(PAUSE);
            }
        });
    }

    /**
     * Waits until the last transaction of a running producer has its end in every log, and writes the end if the brokers have lost it.
     *
     * <p>If nothing is open there, that is one request: the coordinator is asked only whose an open transaction is, and whether it is complete.
     *
     * @param producerId that the coordinator had for the id when it was last asked
     * @param partitions that the transaction wrote to
     * @param isCommitted how it ended, if the producer was told
     * @return the producer id that the coordinator has for the id, as far as is known: another one each time the epochs of one are used up
     * @throws TimeoutException if the logs have no end within the patience, and the coordinator does not call it complete either
     */
    long awaitEnd(
            String transactionalId, long producerId, Set<TopicPartition> partitions, Optional<Boolean> isCommitted) {
        long deadline = System.nanoTime() + patience.toNanos();
        Duration pause = FIRST_PAUSE;
        boolean wasComplete = false;
        while (true) {
            try {
                List<OpenTransaction> open = ask(() -> openNow(partitions));
                if (open.isEmpty()) {
                    return producerId;
                }
                Look look = ask(() -> look(transactionalId, producerId, open));
                if (look.open().isEmpty()) {
                    return look.producerId();
                }
                if (wasComplete) {
                    settleOwn(look.open(), isCommitted);
                }
                wasComplete = look.isComplete();
            } catch (RetriableException noAnswer) {
                LOG.atDebug().setCause(noAnswer).log("Cannot look up the end of a transaction yet");
            }
            if (System.nanoTime() > deadline) {
                throw new TimeoutException("the last transaction of " + transactionalId + " has no end in " + partitions
                        + " after " + patience.toSeconds() + " s");
            }
            ClusterAdmin.pause(pause);
            pause = pause.multipliedBy(2).compareTo(PAUSE) < 0 ? pause.multipliedBy(2) : PAUSE;
        }
    }

    /** The partition that holds a group's offsets. */
    TopicPartition offsets(String group) {
        return offsets.computeIfAbsent(group, one -> written(Set.of(), Set.of(group)).stream()
                .filter(partition -> partition.topic().equals(OFFSETS))
                .findFirst()
                .orElseThrow(() -> new TimeoutException("there is no " + OFFSETS + " yet")));
    }

    /** The producer id that the coordinator has for an id. */
    long producerId(String transactionalId) {
        return ask(() -> coordinator(transactionalId)
                .map(TransactionDescription::producerId)
                .orElseThrow(() -> new TimeoutException("no coordinator knows " + transactionalId)));
    }

    /** What the coordinator of an id says; absent if it does not know the id. */
    Optional<TransactionDescription> coordinator(String transactionalId)
            throws ExecutionException, InterruptedException {
        try {
            return Optional.of(admin.describeTransactions(Set.of(transactionalId))
                    .description(transactionalId)
                    .get());
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof TransactionalIdNotFoundException) {
                return Optional.empty();
            }
            throw failed;
        }
    }

    @Override
    public void close() {
        admin.close();
    }

    /**
     * What is to be seen of a producer's last transaction.
     *
     * @param open in the logs, and its own
     * @param isComplete whether the coordinator calls it complete
     */
    private record Look(List<OpenTransaction> open, boolean isComplete, long producerId) {}

    private Look look(String transactionalId, long producerId, List<OpenTransaction> open)
            throws ExecutionException, InterruptedException {
        TransactionDescription coordinator = admin.describeTransactions(Set.of(transactionalId))
                .description(transactionalId)
                .get();
        return new Look(
                open.stream()
                        .filter(one -> one.producerId() == producerId || one.producerId() == coordinator.producerId())
                        .toList(),
                JudgedTransaction.isComplete(coordinator),
                coordinator.producerId());
    }

    private void settleOwn(List<OpenTransaction> open, Optional<Boolean> isCommitted) {
        if (isCommitted.isEmpty()) {
            settleOrRefuse(open.stream().map(OpenTransaction::topicPartition).collect(Collectors.toSet()));
        }
        isCommitted.ifPresent(isCommit -> open.forEach(one -> end(one, isCommit)));
    }

    private static List<JudgedTransaction> undecided(List<JudgedTransaction> open) {
        return open.stream().filter(one -> one.fate() == Fate.UNDECIDED).toList();
    }

    private List<JudgedTransaction> judge(Set<TopicPartition> partitions)
            throws ExecutionException, InterruptedException {
        List<OpenTransaction> before = openNow(partitions);
        if (before.isEmpty()) {
            return List.of();
        }
        int version = transactionVersion();
        Map<Long, String> ids = new HashMap<>();
        Set<Long> producers = before.stream().map(OpenTransaction::producerId).collect(Collectors.toSet());
        for (TransactionListing listing : admin.listTransactions(
                        new ListTransactionsOptions().filterProducerIds(producers))
                .all()
                .get()) {
            ids.put(listing.producerId(), listing.transactionalId());
        }
        Map<String, Optional<TransactionDescription>> coordinators = new HashMap<>();
        for (String id : ids.values()) {
            coordinators.put(id, coordinator(id));
        }
        List<OpenTransaction> after =
                openNow(before.stream().map(OpenTransaction::topicPartition).collect(Collectors.toSet()));
        List<JudgedTransaction> judged = new ArrayList<>();
        for (OpenTransaction open : before) {
            if (after.stream().anyMatch(open::isSameAs)) {
                Optional<String> id = Optional.ofNullable(ids.get(open.producerId()));
                judged.add(JudgedTransaction.of(
                        open, id, id.flatMap(one -> coordinators.getOrDefault(one, Optional.empty())), version));
            }
        }
        return judged;
    }

    /** What the logs hold open, whoever wrote it. */
    List<OpenTransaction> openNow(Set<TopicPartition> partitions) throws ExecutionException, InterruptedException {
        List<OpenTransaction> open = new ArrayList<>();
        admin.describeProducers(partitions).all().get().forEach((partition, producers) -> producers
                .activeProducers()
                .forEach(producer -> producer.currentTransactionStartOffset()
                        .ifPresent(first -> open.add(open(partition, producer, first)))));
        return open;
    }

    private static OpenTransaction open(TopicPartition partition, ProducerState producer, long first) {
        return new OpenTransaction(
                partition.topic(),
                partition.partition(),
                producer.producerId(),
                (short) producer.producerEpoch(),
                producer.coordinatorEpoch().orElse(0),
                first,
                Instant.ofEpochMilli(producer.lastTimestamp()));
    }

    private int transactionVersion() throws ExecutionException, InterruptedException {
        return Optional.ofNullable(admin.describeFeatures()
                        .featureMetadata()
                        .get()
                        .finalizedFeatures()
                        .get(TRANSACTION_VERSION))
                .map(range -> (int) range.maxVersionLevel())
                .orElse(0);
    }

    private Node leader(TopicPartition partition) throws ExecutionException, InterruptedException {
        return admin.describeTopics(Set.of(partition.topic())).allTopicNames().get().values().stream()
                .flatMap(topic -> topic.partitions().stream())
                .filter(one -> one.partition() == partition.partition())
                .flatMap(one -> Optional.ofNullable(one.leader()).stream())
                .filter(node -> !node.isEmpty())
                .findFirst()
                .orElseThrow(() -> new TimeoutException(partition + " has no leader"));
    }

    private Node node(int id) throws ExecutionException, InterruptedException {
        return admin.describeCluster().nodes().get().stream()
                .filter(node -> node.id() == id)
                .findFirst()
                .orElseThrow(() -> new TimeoutException("broker " + id + " is not in the cluster"));
    }

    private BrokerRequests requests() {
        return new BrokerRequests(clients, (int) patience.toMillis());
    }

    /** Questions to the cluster. A failure is Kafka's own exception, so that callers can tell a cluster that does not answer from the rest. */
    private interface Questions<T> {
        T ask() throws ExecutionException, InterruptedException;
    }

    private static <T> T ask(Questions<T> questions) {
        try {
            return questions.ask();
        } catch (ExecutionException failed) {
            Optional<MissingRightException> missing = MissingRightException.in(failed);
            if (missing.isPresent()) {
                throw missing.get();
            }
            if (failed.getCause() instanceof ApiException known) {
                throw known;
            }
            throw new IllegalStateException("asking for transactions", failed.getCause());
        } catch (AuthorizationException refused) {
            throw MissingRightException.in(refused).orElseThrow();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while asking for transactions", interrupted);
        }
    }
}
