package dev.millrace.ingest;

import dev.millrace.event.RejectReason;
import dev.millrace.serve.HttpMetrics;
import dev.millrace.serve.HttpSetup;
import dev.millrace.serve.Json;
import dev.millrace.serve.Problem;
import dev.millrace.serve.RateLimit;
import dev.millrace.topic.EventDelivery.Event;
import dev.millrace.topic.EventDelivery.UndeliveredException;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.RegistryUnreachableException;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Takes producers' events over HTTP; and tells of its health and its metrics.
 *
 * <p>docs/api.md describes it. A batch is answered when the brokers have acknowledged all of its events. Nothing of a request is logged,
 * as it names users.
 */
public final class IngestServer implements AutoCloseable {

    /** The brokers that events go to. Safe for threads. */
    public interface Brokers {

        /** Returns when they have acknowledged all events. */
        void deliver(List<Event> events) throws UndeliveredException;

        /** Whether they answered lately. */
        boolean areAnswering();

        /** Bytes of the events that wait for them. */
        long waitingBytes();
    }

    private static final String EVENTS = "/v1/events";
    private static final Map<String, String> LABELS =
            Map.of(EVENTS, "events", "/livez", "livez", "/readyz", "readyz", "/metrics", "metrics");

    private static final Set<String> TYPES = Set.of(HttpSetup.JSON, "application/x-ndjson");
    private static final int ACCEPTED = 202;
    private static final int UNSUPPORTED_TYPE = 415;

    /** What a batch may take beside its wait for the brokers. */
    private static final Duration ANSWERING = Duration.ofSeconds(2);

    private final HttpSetup setup;
    private final EventBodies bodies;
    private final Brokers brokers;
    private final RateLimit rate;
    private final PrometheusMeterRegistry registry;
    private final HttpMetrics metrics;
    private final Map<EventKind, Counter> taken = new EnumMap<>(EventKind.class);
    private final Javalin http;

    /**
     * @param maxAhead how far an event's time may be ahead of the wall clock
     * @param records reads and writes the events, within the limits of the settings
     * @param registry for this server's metrics; {@code /metrics} gives everything in it
     * @throws dev.millrace.settings.InvalidSettingsException if the files of tokens or TLS cannot be used
     */
    public IngestServer(
            IngestSettings settings,
            Duration maxAhead,
            EventRecords records,
            TopicNames topics,
            Brokers brokers,
            PrometheusMeterRegistry registry) {
        this.setup = new HttpSetup(
                settings.host(),
                settings.port(),
                settings.access(),
                settings.clients(),
                settings.threads(),
                settings.timeout().plus(ANSWERING));
        this.bodies = new EventBodies(records, topics, maxAhead, InstantSource.system());
        this.brokers = brokers;
        this.rate = new RateLimit(settings.maxRate(), "events a second (ingest.max-rate)", System::nanoTime);
        this.registry = registry;
        this.metrics = new HttpMetrics(registry);
        metrics.connections(setup);
        for (EventKind kind : EventKind.values()) {
            taken.put(
                    kind,
                    Counter.builder("millrace.ingest.events")
                            .description("events that the brokers have acknowledged")
                            .tag("topic", kind.topic())
                            .register(registry));
        }
        Gauge.builder("millrace.ingest.waiting", brokers, Brokers::waitingBytes)
                .description("events that wait for the brokers")
                .baseUnit("bytes")
                .register(registry);
        Gauge.builder("millrace.ready", brokers, one -> one.areAnswering() ? 1 : 0)
                .description("1 if the brokers answer")
                .register(registry);
        this.http = Javalin.create(this::configure);
    }

    /** Begins to listen. */
    public IngestServer start() {
        setup.start(http, "ingest.port");
        return this;
    }

    /** Its address. */
    public String url() {
        return setup.url(http.port());
    }

    /** Takes no more requests, and answers those that are here. */
    @Override
    public void close() {
        setup.stop(http);
    }

    void configure(JavalinConfig config) {
        setup.applyTo(config, path -> path.equals(EVENTS) ? "POST" : "GET, HEAD");
        config.routes.post(EVENTS, this::events);
        HttpSetup.health(
                config,
                () -> true,
                brokers::areAnswering,
                () -> Map.of("brokers", brokers.areAnswering() ? "answering" : "silent"));
        HttpSetup.metrics(config, registry);
        HttpSetup.problems(config, RegistryUnreachableException.class, HttpSetup.SERVICE_UNAVAILABLE);
        setup.limit(config, rate, (method, path) -> 1);
        setup.guard(config);
        setup.tell(
                config,
                (method, path, status, nanos) ->
                        metrics.answered(LABELS.getOrDefault(path, HttpMetrics.OTHER), status, nanos));
    }

    private void events(Context request) {
        if (!TYPES.contains(type(request))) { // other pages of a browser can send these types only if they are let
            problem(request, UNSUPPORTED_TYPE, "the Content-Type must be application/json or application/x-ndjson");
            return;
        }
        if (!brokers.areAnswering()) { // or batches would wait for those that wait in vain
            problem(request, HttpSetup.SERVICE_UNAVAILABLE, "no broker answers; nothing was written");
            return;
        }
        try {
            EventBodies.Posted posted = bodies.read(request.bodyAsBytes());
            if (!rate.admitsAll(posted.events().size())) {
                HttpSetup.problem(request, rate.problem());
                return;
            }
            brokers.deliver(posted.events());
            HttpSetup.json(request, ACCEPTED, counted(posted));
        } catch (RefusedBodyException refused) {
            refused.counts().forEach(this::countUnusable);
            HttpSetup.write(request, refused.status(), Problem.CONTENT_TYPE, Json.bytes(refused.problem()));
        } catch (UndeliveredException undelivered) {
            problem(
                    request,
                    HttpSetup.SERVICE_UNAVAILABLE,
                    "the brokers did not take all events, send them again: " + undelivered.getMessage());
        }
    }

    private static void problem(Context request, int status, String detail) {
        HttpSetup.problem(request, Problem.of(status, detail));
    }

    /** How many events of each kind were taken. */
    private Map<String, Integer> counted(EventBodies.Posted posted) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        taken.forEach((kind, counter) -> {
            int count = posted.counts().getOrDefault(kind, 0);
            counter.increment(count);
            counts.put(kind.member(), count);
        });
        return counts;
    }

    private void countUnusable(RejectReason reason, int count) {
        Counter.builder("millrace.ingest.unusable")
                .description("events that cannot be used, by the reason that a dead letter would have")
                .tag("reason", reason.label())
                .register(registry)
                .increment(count);
    }

    private static String type(Context request) {
        String type = Optional.ofNullable(request.contentType()).orElse("");
        return type.replaceFirst(";.*", "").strip();
    }
}
