package dev.millrace.stream;

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
import org.apache.kafka.common.errors.RetriableException;
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
 * <p>An error that a new attempt may get over replaces the thread, a few times. Any other, a broken invariant among them, stops
 * its application, and the runner is no longer alive: what to do then is the caller's. Safe for threads.
 */
public final class StreamRunner implements AutoCloseable {

    /** The applications, one or several of which run here. */
    public enum Part {
        ATTRIBUTE,
        LEARN,
        LEARN_FROM_LOG;

        String suffix() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(StreamRunner.class);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(30);
    private static final int REPLACEMENTS = 10;
    private static final Duration REPLACEMENT_WINDOW = Duration.ofMinutes(10);
    private static final int SESSION_MILLIS = 10_000;
    private static final int PRODUCER_BATCH_BYTES = 128 << 10;
    private static final int LARGEST_REQUEST_BYTES = 8 << 20;

    private final StreamSettings settings;
    private final ClientSettings clients;
    private final BoundedRocksDb.Shared rocksDb;
    private final Map<Part, KafkaStreams> applications = new EnumMap<>(Part.class);
    private final List<KafkaStreamsMetrics> metrics = new ArrayList<>();
    private final Set<Part> started = ConcurrentHashMap.newKeySet();
    private final CountDownLatch running;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final Deque<Long> replacements = new ArrayDeque<>();

    public StreamRunner(StreamSettings settings, ClientSettings clients, Map<Part, Topology> topologies) {
        this.settings = settings;
        this.clients = clients;
        this.rocksDb = new BoundedRocksDb.Shared(settings.stateMemoryBytes());
        this.running = new CountDownLatch(topologies.size());
        topologies.forEach((part, topology) -> applications.put(part, application(part, topology)));
    }

    public void start() {
        applications.values().forEach(KafkaStreams::start);
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

    /** Whether every application processes records now. */
    public boolean isReady() {
        return applications.values().stream()
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
    }

    /** Commits and stops all applications. */
    @Override
    public void close() {
        synchronized (metrics) {
            metrics.forEach(KafkaStreamsMetrics::close);
            metrics.clear();
        }
        long deadline = System.nanoTime() + CLOSE_PATIENCE.toNanos();
        applications.values().forEach(streams -> streams.close(Duration.ZERO)); // begins, and does not wait
        boolean closed = true;
        for (KafkaStreams streams : applications.values()) {
            closed &= streams.close(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
        }
        if (closed) {
            rocksDb.close();
        } else {
            LOG.atWarn().addKeyValue("states", states()).log("Not all applications stopped in time");
        }
    }

    private KafkaStreams application(Part part, Topology topology) {
        KafkaStreams streams = new KafkaStreams(topology, properties(part));
        streams.setStateListener((now, before) -> {
            // counted once: an application comes back to RUNNING after each rebalance
            if (now == KafkaStreams.State.RUNNING && started.add(part)) {
                running.countDown();
            }
        });
        streams.setUncaughtExceptionHandler(thrown -> respond(part, thrown));
        return streams;
    }

    private StreamThreadExceptionResponse respond(Part part, Throwable thrown) {
        if (isRetriable(thrown) && mayReplace(System.nanoTime())) {
            LOG.atWarn()
                    .addKeyValue("application", part.suffix())
                    .setCause(thrown)
                    .log("A thread failed and is replaced");
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        }
        failure.compareAndSet(null, thrown);
        LOG.atError().addKeyValue("application", part.suffix()).setCause(thrown).log("The application stops");
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }

    /** At most {@link #REPLACEMENTS} within {@link #REPLACEMENT_WINDOW}, over all applications. */
    private synchronized boolean mayReplace(long now) {
        while (!replacements.isEmpty() && now - replacements.peekFirst() > REPLACEMENT_WINDOW.toNanos()) {
            replacements.removeFirst();
        }
        replacements.addLast(now);
        return replacements.size() <= REPLACEMENTS;
    }

    private static boolean isRetriable(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof RetriableException || cause instanceof RegistryUnreachableException) {
                return true;
            }
        }
        return false;
    }

    private Properties properties(Part part) {
        boolean learns = part != Part.ATTRIBUTE;
        Properties config = new Properties();
        config.put("enable.transactional.statestores", settings.transactionalStores());
        config.put(
                StreamsConfig.COMMIT_INTERVAL_MS_CONFIG,
                (learns ? settings.learnCommitInterval() : settings.attributeCommitInterval()).toMillis());
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
        config.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        config.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), SESSION_MILLIS);
        config.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), SESSION_MILLIS / 4);
        if (!settings.instanceId().isBlank()) {
            config.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, settings.instanceId());
        }
        config.putAll(clients.properties()); // what the user gave under kafka. wins, but for what promises rest on
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, settings.applicationId() + "-" + part.suffix());
        return config;
    }
}
