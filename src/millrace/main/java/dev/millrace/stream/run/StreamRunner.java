package dev.millrace.stream.run;

import dev.millrace.stream.Part;
import dev.millrace.stream.StreamSettings;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.ClusterAdmin;
import dev.millrace.topic.ClusterWatch;
import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.transaction.JudgedTransaction;
import dev.millrace.topic.transaction.SettledProducer;
import dev.millrace.topic.transaction.TransactionWatch;
import dev.millrace.topic.transaction.Transactions;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaClientSupplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyDescription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams applications running in this process: start, wait, look, close.
 *
 * <p>It starts an application only if that can go on exactly where it stopped. A thread that fails because the cluster does not answer
 * or the disk is full is replaced after a pause, as often as it takes. A thread that cannot reach the schema registry, or that the brokers
 * deny a topic, is replaced a few times. Any other error stops its application; the runner is then no longer alive, and the caller decides. Safe for threads.
 */
public final class StreamRunner implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StreamRunner.class);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(30);
    private static final Duration ADMIN_PATIENCE = Duration.ofSeconds(15);

    /** As long as Kafka's producers wait by default. */
    private static final Duration TRANSACTION_PATIENCE = Duration.ofSeconds(60);

    /** Longer than a rebalance takes, and a take-over. */
    private static final Duration LONGEST_STANDSTILL = Duration.ofSeconds(60);

    private final StreamSettings settings;
    private final Map<Part, Topology> topologies;
    private final StateHome home;
    private final BoundedRocksDb.Shared rocksDb;
    private final ContinuityCheck continuity;
    private final ClusterWatch watch;
    private final Optional<Transactions> transactions; // absent if none are settled
    private final Optional<TransactionWatch> transactionWatch;
    private final Map<Part, KafkaStreams> applications = new EnumMap<>(Part.class);
    private final Map<Part, Restoration> restorations = new EnumMap<>(Part.class);
    private final List<KafkaStreamsMetrics> kafkasMetrics = new CopyOnWriteArrayList<>();
    private final Set<String> reported = new HashSet<>();
    private final Set<Part> started = ConcurrentHashMap.newKeySet();
    private final CountDownLatch running;
    private final ThreadFailures failures;

    /** @throws UnusableStateException if the state directory cannot be written to, or another process runs one of them there */
    public StreamRunner(StreamSettings settings, ClientSettings clients, Map<Part, Topology> topologies) {
        this(settings, clients, topologies, KafkaClients::new);
    }

    /** With Kafka's clients to choose: for tests that interrupt. */
    StreamRunner(
            StreamSettings settings,
            ClientSettings clients,
            Map<Part, Topology> topologies,
            Function<SettledProducer.Settling, KafkaClientSupplier> kafka) {
        this.settings = settings;
        this.topologies = Map.copyOf(topologies);
        this.home = StateHome.open(
                settings.stateDirectory(),
                topologies.keySet().stream().map(settings::applicationId).toList());
        this.failures = new ThreadFailures(home);
        this.rocksDb = new BoundedRocksDb.Shared(settings.stateMemoryBytes());
        StreamProperties properties = new StreamProperties(
                settings,
                clients,
                settings.instanceId().isBlank() ? home.instanceId() : settings.instanceId(),
                rocksDb);
        this.running = new CountDownLatch(topologies.size());
        this.continuity = new ContinuityCheck(
                new ClusterAdmin(clients, ADMIN_PATIENCE),
                settings.sessionTimeout().plus(ADMIN_PATIENCE));
        Map<String, String> groups = new TreeMap<>();
        topologies.keySet().forEach(part -> groups.put(part.suffix(), settings.applicationId(part)));
        this.watch = new ClusterWatch(clients, groups, this::reportStandstills);
        this.transactions =
                settings.isSettling() ? Optional.of(new Transactions(clients, TRANSACTION_PATIENCE)) : Optional.empty();
        Set<String> outputs = outputs(topologies.values());
        Function<Transactions, Supplier<Set<TopicPartition>>> written =
                open -> () -> open.written(outputs, groups.values());
        this.transactionWatch = transactions.map(
                open -> new TransactionWatch(written.apply(open), open::settle, settings.transactionTimeout()));
        KafkaClientSupplier settled = kafka.apply((producer, config) -> {
            Optional<String> id = Optional.ofNullable(config.get(ProducerConfig.TRANSACTIONAL_ID_CONFIG))
                    .map(Object::toString);
            return id.isPresent() && transactions.isPresent()
                    ? new SettledProducer<>(producer, transactions.get(), id.get(), written.apply(transactions.get()))
                    : producer;
        });
        topologies.forEach((part, topology) -> {
            restorations.put(part, new Restoration(line -> log(part, line), System::nanoTime));
            applications.put(part, application(part, topology, properties.of(part), settled));
        });
    }

    /**
     * Starts what can go on exactly where it stopped.
     *
     * @throws LostContinuityException if an application cannot; none is started then
     * @throws BrokerUnreachableException if no broker answers
     */
    public void start() {
        long now = System.nanoTime();
        restorations.values().forEach(restoration -> restoration.left(now));
        applications.keySet().forEach(part -> home.removeDamaged(settings.applicationId(part)));
        logState(home.tasks(
                applications.keySet().stream().map(settings::applicationId).toList()));
        continuity.beforeStart(topologies.entrySet().stream()
                .collect(Collectors.toMap(one -> settings.applicationId(one.getKey()), Map.Entry::getValue)));
        applications.values().forEach(KafkaStreams::start);
        watch.start();
        transactionWatch.ifPresent(TransactionWatch::start);
        if (!settings.isSettling()) {
            LOG.atWarn().log("Not checking for lost ends of transactions (stream.settle-transactions = false)");
        }
    }

    /** Waits until every application has run once. Returns false if that took longer. */
    public boolean awaitRunning(Duration patience) throws InterruptedException {
        return running.await(patience.toMillis(), TimeUnit.MILLISECONDS) && isReady();
    }

    /** Whether no application has stopped or failed. */
    public boolean isAlive() {
        return applications.values().stream()
                .map(KafkaStreams::state)
                .noneMatch(state -> state == KafkaStreams.State.ERROR
                        || state == KafkaStreams.State.PENDING_ERROR
                        || state.hasCompletedShutdown());
    }

    /** Whether the cluster answered lately. */
    public boolean isClusterAnswering() {
        return watch.isAnswering();
    }

    /** Transactions that readers of committed records cannot pass, and that should have ended by now. */
    public List<JudgedTransaction> standingTransactions() {
        return transactionWatch.map(TransactionWatch::standing).orElse(List.of());
    }

    /** Records that are there and not yet committed as read, over all applications, as last known. */
    public long lag() {
        return applications.keySet().stream()
                .mapToLong(part -> watch.lag(part.suffix()))
                .sum();
    }

    /** Applications with records waiting that have neither committed nor restored anything for long, by name. */
    public SortedMap<String, Duration> standstills() {
        SortedMap<String, Duration> standstills = new TreeMap<>();
        applications.keySet().forEach(part -> {
            Duration still = watch.standstill(part.suffix());
            Duration restoring = restoration(part).sinceRestored(System.nanoTime());
            Duration shorter = still.compareTo(restoring) < 0 ? still : restoring;
            if (shorter.compareTo(LONGEST_STANDSTILL) > 0) {
                standstills.put(part.suffix(), shorter);
            }
        });
        return standstills;
    }

    /**
     * Whether every application processes records now, the cluster answers and nothing stands still: an application that only waits is not
     * ready.
     */
    public boolean isReady() {
        return isClusterAnswering()
                && standstills().isEmpty()
                && standingTransactions().isEmpty()
                && applications.values().stream()
                        .map(KafkaStreams::state)
                        .allMatch(state -> state == KafkaStreams.State.RUNNING);
    }

    /** Kafka's name of each application's state, by application. */
    public SortedMap<String, String> states() {
        SortedMap<String, String> states = new TreeMap<>();
        applications.forEach((part, streams) ->
                states.put(part.suffix(), streams.state().name().toLowerCase(Locale.ROOT)));
        return states;
    }

    /** What stopped an application; absent while none was. */
    public Optional<Throwable> failure() {
        return failures.stopped();
    }

    /** Registers the applications' metrics; undone by {@link #close}. */
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("millrace.cluster.answering", this, one -> one.isClusterAnswering() ? 1 : 0)
                .description("1 if the cluster answered lately")
                .register(registry);
        applications.forEach((part, streams) -> {
            String name = part.suffix();
            KafkaStreamsMetrics ofKafka = new KafkaStreamsMetrics(streams);
            ofKafka.bindTo(registry);
            kafkasMetrics.add(ofKafka);
            gauge("millrace.running", name, () -> streams.state() == KafkaStreams.State.RUNNING ? 1 : 0)
                    .description("1 if the application processes records")
                    .register(registry);
            gauge("millrace.lag", name, () -> watch.lag(name))
                    .description("records that are there and not yet committed as read")
                    .register(registry);
            gauge("millrace.standstill", name, () -> watch.standstill(name).toSeconds())
                    .description("how long the application has committed nothing while records wait")
                    .baseUnit("seconds")
                    .register(registry);
            gauge("millrace.ready.after", name, restoration(part)::secondsToReady)
                    .description("how long the last start, or return after a rebalance, took")
                    .baseUnit("seconds")
                    .register(registry);
            FunctionCounter.builder("millrace.restored.records", restoration(part), Restoration::restored)
                    .description("records restored from changelogs")
                    .tag("application", name)
                    .register(registry);
        });
    }

    private static Gauge.Builder<Supplier<Number>> gauge(String metric, String application, Supplier<Number> value) {
        return Gauge.builder(metric, value).tag("application", application);
    }

    /**
     * Commits and stops all applications.
     *
     * <p>They leave their groups, so that another process takes over at once. A process with a name of its own ({@code
     * stream.instance-id}) does not leave: it is expected back.
     */
    @Override
    public void close() {
        failures.close();
        watch.close();
        transactionWatch.ifPresent(TransactionWatch::close);
        kafkasMetrics.forEach(KafkaStreamsMetrics::close);
        long deadline = System.nanoTime() + CLOSE_PATIENCE.toNanos();
        CloseOptions leaving = CloseOptions.groupMembershipOperation(
                settings.instanceId().isBlank()
                        ? CloseOptions.GroupMembershipOperation.LEAVE_GROUP
                        : CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP);
        // begins, and does not wait
        applications.values().forEach(streams -> streams.close(leaving.withTimeout(Duration.ZERO)));
        boolean closed = true;
        for (KafkaStreams streams : applications.values()) {
            closed &= streams.close(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
        }
        if (closed) {
            rocksDb.close();
        } else {
            LOG.atWarn().addKeyValue("states", states()).log("Not all applications stopped in time");
        }
        transactions.ifPresent(Transactions::close);
        home.close();
    }

    private void logState(int tasks) {
        LOG.atInfo()
                .addKeyValue("directory", home.directory().toAbsolutePath())
                .addKeyValue("tasks", tasks)
                .log(
                        tasks == 0
                                ? "The state directory has no state, what the changelogs hold is restored from their"
                                        + " beginning"
                                : "The state directory has state, what the changelogs have beyond it is restored");
    }

    private void reportStandstills() {
        SortedMap<String, Duration> standstills = standstills();
        reported.retainAll(standstills.keySet());
        standstills.forEach((application, since) -> {
            if (reported.add(application)) {
                LOG.atWarn()
                        .addKeyValue("application", application)
                        .addKeyValue("waiting", watch.lag(application))
                        .addKeyValue("seconds", since.toSeconds())
                        .addKeyValue("state", states().get(application))
                        .log("No progress while records wait");
            }
        });
    }

    /** Topics that the applications write, beside their changelogs. */
    private static Set<String> outputs(Collection<Topology> topologies) {
        return topologies.stream()
                .flatMap(topology -> topology.describe().subtopologies().stream())
                .flatMap(part -> part.nodes().stream())
                .filter(TopologyDescription.Sink.class::isInstance)
                .flatMap(node -> Optional.ofNullable(((TopologyDescription.Sink) node).topic()).stream())
                .collect(Collectors.toSet());
    }

    private KafkaStreams application(Part part, Topology topology, Properties properties, KafkaClientSupplier kafka) {
        KafkaStreams streams = new KafkaStreams(topology, properties, kafka);
        home.keepPrivate(settings.applicationId(part));
        Restoration restoration = restoration(part);
        streams.setGlobalStateRestoreListener(restoration);
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) {
                log(part, restoration.ready(System.nanoTime()));
                // counted once: an application comes back to RUNNING after each rebalance
                if (started.add(part)) {
                    running.countDown();
                }
            } else {
                restoration.left(System.nanoTime());
            }
        });
        streams.setUncaughtExceptionHandler(thrown -> failures.respond(
                part.suffix(), thrown, () -> continuity.losses(settings.applicationId(part), topology)));
        return streams;
    }

    private static void log(Part part, String line) {
        LOG.atInfo().addKeyValue("application", part.suffix()).log(part.suffix() + " " + line);
    }

    private Restoration restoration(Part part) {
        return Optional.ofNullable(restorations.get(part)).orElseThrow();
    }
}
