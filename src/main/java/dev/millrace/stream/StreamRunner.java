package dev.millrace.stream;

import dev.millrace.topic.BrokerUnreachableException;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.ClusterAdmin;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaClientSupplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams applications running in this process: start, wait, look, close.
 *
 * <p>It starts only what can go on exactly where it stopped. A thread that fails because the cluster is away or the disk full is
 * replaced, slowly, until that is over; one that cannot reach the schema registry a few times. Any other error, a broken
 * invariant among them, stops its application, and the runner is no longer alive: what to do then is the caller's. Safe for
 * threads.
 */
public final class StreamRunner implements AutoCloseable {

    /** The applications, one or several of which run here. */
    public enum Part {
        ATTRIBUTE,
        LEARN,
        LEARN_FROM_LOG;

        public String suffix() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(StreamRunner.class);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(30);
    private static final int REPLACEMENTS = 10;
    private static final Duration REPLACEMENT_WINDOW = Duration.ofMinutes(10);
    private static final Duration ADMIN_PATIENCE = Duration.ofSeconds(15);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
    private static final Duration QUIET = Duration.ofMinutes(1);

    /** An outage is waited for, however long. Kafka adds this to the time of day, so that it may not be as long as can be. */
    private static final Duration LONGEST_OUTAGE = Duration.ofDays(3650);

    /** A member learns from the answer to a heartbeat that the group is being divided anew. */
    private static final int LONGEST_HEARTBEAT_MILLIS = 3_000;

    /** A thread that waits for records looks at the clock, for commits and batches that are due, no more often. */
    private static final long LONGEST_POLL_MILLIS = 20;

    private static final int PRODUCER_BATCH_BYTES = 128 << 10;
    private static final int LARGEST_REQUEST_BYTES = 8 << 20;

    private final StreamSettings settings;
    private final ClientSettings clients;
    private final Map<Part, Topology> topologies;
    private final StateHome home;
    private final BoundedRocksDb.Shared rocksDb;
    private final ContinuityCheck continuity;
    private final ClusterWatch watch;
    private final Map<Part, KafkaStreams> applications = new EnumMap<>(Part.class);
    private final Map<Part, Restoration> restorations = new EnumMap<>(Part.class);
    private final List<KafkaStreamsMetrics> metrics = new ArrayList<>();
    private final Set<Part> started = ConcurrentHashMap.newKeySet();
    private final CountDownLatch running;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final Deque<Long> replacements = new ArrayDeque<>();
    private int failuresInARow;
    private long lastFailureNanos;

    /** @throws UnusableStateException if the state directory cannot be written to, or another process runs one of them there */
    public StreamRunner(StreamSettings settings, ClientSettings clients, Map<Part, Topology> topologies) {
        this(settings, clients, topologies, Optional.empty());
    }

    /** With Kafka's clients to choose: for tests that interrupt. */
    StreamRunner(
            StreamSettings settings,
            ClientSettings clients,
            Map<Part, Topology> topologies,
            Optional<KafkaClientSupplier> kafka) {
        this.settings = settings;
        this.clients = clients;
        this.topologies = Map.copyOf(topologies);
        this.home = StateHome.open(
                settings.stateDirectory(),
                topologies.keySet().stream().map(this::applicationId).toList());
        this.rocksDb = new BoundedRocksDb.Shared(settings.stateMemoryBytes());
        this.running = new CountDownLatch(topologies.size());
        this.continuity = new ContinuityCheck(
                new ClusterAdmin(clients, ADMIN_PATIENCE),
                settings.sessionTimeout().plus(ADMIN_PATIENCE));
        Map<String, String> groups = new TreeMap<>();
        topologies.keySet().forEach(part -> groups.put(part.suffix(), applicationId(part)));
        this.watch = new ClusterWatch(clients, groups);
        topologies.forEach((part, topology) -> {
            restorations.put(part, new Restoration());
            applications.put(part, application(part, topology, kafka));
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
        if (settings.isStateChecked()) {
            applications.keySet().forEach(part -> home.removeDamaged(applicationId(part)));
        }
        topologies.forEach((part, topology) -> continuity.beforeStart(applicationId(part), topology));
        applications.values().forEach(KafkaStreams::start);
        watch.start();
    }

    /** Waits until every application has run once; false if that took longer. */
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

    /** Whether the cluster answers, lately. */
    public boolean isClusterAnswering() {
        return watch.isAnswering();
    }

    /** Records that are there and not yet committed as read, over all applications, as last known. */
    public long lag() {
        return applications.keySet().stream()
                .mapToLong(part -> watch.lag(part.suffix()))
                .sum();
    }

    /** Whether every application processes records now, and the cluster answers: without it they only wait. */
    public boolean isReady() {
        return isClusterAnswering()
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
        return Optional.ofNullable(failure.get());
    }

    /** Registers the applications' metrics; undone by {@link #close}. */
    public void bindTo(MeterRegistry registry) {
        for (KafkaStreams streams : applications.values()) {
            KafkaStreamsMetrics bound = new KafkaStreamsMetrics(streams);
            bound.bindTo(registry);
            synchronized (metrics) {
                metrics.add(bound);
            }
        }
        Gauge.builder("millrace.cluster.answering", this, one -> one.isClusterAnswering() ? 1 : 0)
                .description("1 if the cluster answered lately")
                .register(registry);
        applications.forEach((part, streams) -> {
            Gauge.builder("millrace.running", streams, one -> one.state() == KafkaStreams.State.RUNNING ? 1 : 0)
                    .description("1 if the application processes records")
                    .tag("application", part.suffix())
                    .register(registry);
            Gauge.builder("millrace.lag", watch, one -> one.lag(part.suffix()))
                    .description("records that are there and not yet committed as read")
                    .tag("application", part.suffix())
                    .register(registry);
            Restoration restoration = restoration(part);
            FunctionCounter.builder("millrace.restored.records", restoration, Restoration::restored)
                    .description("records restored from changelogs")
                    .tag("application", part.suffix())
                    .register(registry);
            Gauge.builder("millrace.ready.after", restoration, Restoration::secondsToReady)
                    .description("how long the last start, or return after a rebalance, took")
                    .baseUnit("seconds")
                    .tag("application", part.suffix())
                    .register(registry);
        });
    }

    /**
     * Commits and stops all applications.
     *
     * <p>They leave their groups, so that another process takes over at once, unless this one was given its name: then they are
     * expected back.
     */
    @Override
    public void close() {
        closing.countDown();
        watch.close();
        synchronized (metrics) {
            metrics.forEach(KafkaStreamsMetrics::close);
            metrics.clear();
        }
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
        home.close();
    }

    private KafkaStreams application(Part part, Topology topology, Optional<KafkaClientSupplier> kafka) {
        Properties properties = properties(part);
        KafkaStreams streams = kafka.map(given -> new KafkaStreams(topology, properties, given))
                .orElseGet(() -> new KafkaStreams(topology, properties));
        Restoration restoration = restoration(part);
        streams.setGlobalStateRestoreListener(restoration);
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) {
                LOG.atInfo()
                        .addKeyValue("application", part.suffix())
                        .log(part.suffix() + " " + restoration.ready(System.nanoTime()));
                // counted once: an application comes back to RUNNING after each rebalance
                if (started.add(part)) {
                    running.countDown();
                }
            } else {
                restoration.left(System.nanoTime());
            }
        });
        streams.setUncaughtExceptionHandler(thrown -> respond(part, thrown));
        return streams;
    }

    private Restoration restoration(Part part) {
        return Optional.ofNullable(restorations.get(part)).orElseThrow();
    }

    private String applicationId(Part part) {
        return settings.applicationId() + "-" + part.suffix();
    }

    private StreamThreadExceptionResponse respond(Part part, Throwable thrown) {
        return switch (FailureKind.of(thrown)) {
            case CLUSTER -> replaceLater(part, "The cluster does not answer as it should: " + root(thrown));
            case DISK_FULL ->
                replaceLater(
                        part,
                        "The disk of local state is full: " + home.usableBytes() + " bytes free at "
                                + home.directory().toAbsolutePath() + ": " + root(thrown));
            case REGISTRY -> {
                if (!mayReplace(System.nanoTime())) {
                    yield stop(part, thrown, true);
                }
                LOG.atWarn()
                        .addKeyValue("application", part.suffix())
                        .setCause(thrown)
                        .log("A thread failed and is replaced");
                yield StreamThreadExceptionResponse.REPLACE_THREAD;
            }
            case OFFSET_LOST -> stop(part, new LostContinuityException(losses(part, thrown)), false);
            case STATE_UNWRITABLE ->
                stop(part, new UnusableStateException(home.directory(), root(thrown), thrown), false);
            case STATE_DAMAGED ->
                stop(
                        part,
                        new IllegalStateException(
                                "local state under " + home.directory().toAbsolutePath() + " is damaged: "
                                        + root(thrown)
                                        + "; the next start removes it and restores it from its changelog",
                                thrown),
                        false);
            case DEFECT -> stop(part, thrown, true);
        };
    }

    /** Replaces the thread after a pause that grows: what is waited for may take long, and each attempt costs. */
    private StreamThreadExceptionResponse replaceLater(Part part, String why) {
        Duration pause = nextPause(System.nanoTime());
        LOG.atWarn()
                .addKeyValue("application", part.suffix())
                .log(part.suffix() + ": " + why + "; goes on in " + pause.toMillis() + " ms");
        try {
            closing.await(pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        return StreamThreadExceptionResponse.REPLACE_THREAD;
    }

    private synchronized Duration nextPause(long now) {
        if (now - lastFailureNanos > QUIET.toNanos()) {
            failuresInARow = 0;
        }
        lastFailureNanos = now;
        long millis = FIRST_PAUSE.toMillis() << Math.min(failuresInARow++, 10);
        return Duration.ofMillis(Math.min(millis, LONGEST_PAUSE.toMillis()));
    }

    private StreamThreadExceptionResponse stop(Part part, Throwable why, boolean isTraced) {
        failure.compareAndSet(null, why);
        LOG.atError()
                .addKeyValue("application", part.suffix())
                .setCause(isTraced ? why : null)
                .log(part.suffix() + " stops: " + why.getMessage());
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }

    /** What was lost, as the cluster shows it, or as Kafka says it. */
    private List<String> losses(Part part, Throwable thrown) {
        try {
            List<String> losses = continuity.losses(
                    applicationId(part),
                    Optional.ofNullable(topologies.get(part)).orElseThrow());
            if (!losses.isEmpty()) {
                return losses;
            }
        } catch (RuntimeException noAnswer) {
            LOG.atDebug().setCause(noAnswer).log("The cluster could not be asked what is gone");
        }
        return List.of(root(thrown));
    }

    private static String root(Throwable thrown) {
        Throwable last = thrown;
        while (last.getCause() != null) {
            last = last.getCause();
        }
        return last.getClass().getSimpleName() + ": " + last.getMessage();
    }

    /** At most {@link #REPLACEMENTS} within {@link #REPLACEMENT_WINDOW}, over all applications. */
    private synchronized boolean mayReplace(long now) {
        while (!replacements.isEmpty() && now - replacements.peekFirst() > REPLACEMENT_WINDOW.toNanos()) {
            replacements.removeFirst();
        }
        replacements.addLast(now);
        return replacements.size() <= REPLACEMENTS;
    }

    private Properties properties(Part part) {
        boolean learns = part != Part.ATTRIBUTE;
        Properties config = new Properties();
        config.put("enable.transactional.statestores", settings.transactionalStores());
        config.put(
                StreamsConfig.COMMIT_INTERVAL_MS_CONFIG,
                (learns ? settings.learnCommitInterval() : settings.attributeCommitInterval()).toMillis());
        config.put(StreamsConfig.POLL_MS_CONFIG, LONGEST_POLL_MILLIS);
        config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, learns ? 1 : settings.attributeThreads());
        config.put(
                StreamsConfig.STATE_DIR_CONFIG,
                settings.stateDirectory().toAbsolutePath().toString());
        config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0L);
        config.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, settings.maxTaskIdle().toMillis());
        config.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedRocksDb.class);
        config.put(BoundedRocksDb.SHARED, rocksDb);
        config.put("ensure.explicit.internal.resource.naming", true);
        config.put("processing.exception.handler.global.enabled", true);
        config.put("group.protocol", "classic");
        config.put(StreamsConfig.METRICS_RECORDING_LEVEL_CONFIG, "INFO");
        config.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        config.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), PRODUCER_BATCH_BYTES);
        config.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG), LARGEST_REQUEST_BYTES);
        config.put(
                StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG),
                millis(settings.transactionTimeout()));
        config.put(
                StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG),
                millis(settings.sessionTimeout()));
        config.put(
                StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG),
                Math.min(LONGEST_HEARTBEAT_MILLIS, millis(settings.sessionTimeout()) / 4));
        config.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, settings.standbyReplicas());
        config.put(StreamsConfig.ACCEPTABLE_RECOVERY_LAG_CONFIG, settings.acceptableRecoveryLag());
        config.put(StreamsConfig.TASK_TIMEOUT_MS_CONFIG, LONGEST_OUTAGE.toMillis());
        config.put(
                ConsumerConfig.GROUP_INSTANCE_ID_CONFIG,
                settings.instanceId().isBlank() ? home.instanceId() : settings.instanceId());
        config.putAll(clients.properties()); // what the user gave under kafka. wins, but for what promises rest on
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        // an offset that is gone is a loss, and stops the application
        config.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "none");
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId(part));
        return config;
    }

    private static int millis(Duration duration) {
        return Math.toIntExact(duration.toMillis());
    }
}
