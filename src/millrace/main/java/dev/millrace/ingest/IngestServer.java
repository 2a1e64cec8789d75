package dev.millrace.ingest;

import dev.millrace.access.ServerKeys;
import dev.millrace.access.Tokens;
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
import io.javalin.http.Handler;
import io.javalin.http.HttpResponseException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

    private static final Logger LOG = LoggerFactory.getLogger(IngestServer.class);

    private static final String EVENTS = "/v1/events";
    private static final String LIVEZ = "/livez";
    private static final String READYZ = "/readyz";
    private static final String METRICS = "/metrics";
    private static final Map<String, String> LABELS =
            Map.of(EVENTS, "events", LIVEZ, "livez", READYZ, "readyz", METRICS, "metrics");

    private static final Set<String> TYPES = Set.of(HttpSetup.JSON, "application/x-ndjson");
    private static final int ACCEPTED = 202;
    private static final int UNSUPPORTED_TYPE = 415;
    private static final int METHOD_NOT_ALLOWED = 405;

    /** What a batch may take beside its wait for the brokers. */
    private static final Duration ANSWERING = Duration.ofSeconds(2);

    private final IngestSettings settings;
    private final Optional<ServerKeys> tls;
    private final Optional<Tokens> tokens;
    private final HttpSetup setup;
    private final EventBodies bodies;
    private final Brokers brokers;
    private final RateLimit rate;
    private final PrometheusMeterRegistry registry;
    private final HttpMetrics metrics;
    private final Map<EventKind, Counter> taken = new EnumMap<>(EventKind.class);
    private final Json json = new Json();
    private final Javalin http;

    /** What a path answers. */
    private record Reply(int status, String contentType, byte[] body) {}

    /** Answers the requests of one path. */
    private interface Responder {
        Reply answer(Context request);
    }

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
        this.settings = settings;
        this.tls = settings.access().openKeys();
        this.tokens = settings.access().openTokens();
        this.setup = new HttpSetup(
                settings.host(),
                settings.port(),
                tls,
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
        tokens.ifPresent(Tokens::close);
        tls.ifPresent(ServerKeys::close);
    }

    private void configure(JavalinConfig config) {
        setup.applyTo(config, json);
        config.http.prefer405over404 = true;
        config.routes.post(EVENTS, answering(this::events));
        HttpSetup.get(config, LIVEZ, answering(request -> reply(200, Map.of("alive", true))));
        HttpSetup.get(config, READYZ, answering(request -> ready()));
        HttpSetup.get(config, METRICS, answering(request -> scrape()));
        setup.limit(config, rate, (method, path) -> 1, json);
        setup.guard(config, settings.access().hosts(), tokens, json);
        setup.tell(
                config,
                (method, path, status, nanos) ->
                        metrics.answered(LABELS.getOrDefault(path, HttpMetrics.OTHER), status, nanos),
                json);
        config.routes.exception(HttpResponseException.class, this::refused);
        config.routes.exception(Exception.class, (failed, request) -> {
            LOG.error("A request failed", failed);
            write(request, problem(500, Problem.detail(500, "")));
        });
    }

    private Reply events(Context request) {
        if (!TYPES.contains(type(request))) { // other pages of a browser can send these types only if they are let
            return problem(UNSUPPORTED_TYPE, "the Content-Type must be application/json or application/x-ndjson");
        }
        if (!brokers.areAnswering()) { // or batches would wait for those that wait in vain
            return problem(HttpSetup.SERVICE_UNAVAILABLE, "no broker answers; nothing was written");
        }
        try {
            PostedEvents posted = bodies.read(request.bodyAsBytes());
            if (!rate.admitsAll(posted.events().size())) {
                return problem(rate.problem());
            }
            brokers.deliver(posted.events());
            return reply(ACCEPTED, counted(posted));
        } catch (RefusedBodyException refused) {
            refused.counts().forEach(this::countUnusable);
            return new Reply(refused.status(), Problem.CONTENT_TYPE, json.bytes(refused.problem()));
        } catch (UndeliveredException undelivered) {
            return problem(
                    HttpSetup.SERVICE_UNAVAILABLE,
                    "the brokers did not take all events, send them again: " + undelivered.getMessage());
        } catch (RegistryUnreachableException unreachable) {
            return problem(HttpSetup.SERVICE_UNAVAILABLE, String.valueOf(unreachable.getMessage()));
        }
    }

    /** How many events of each kind were taken. */
    private Map<String, Integer> counted(PostedEvents posted) {
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

    private Reply ready() {
        boolean isReady = brokers.areAnswering();
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("ready", isReady);
        body.put("brokers", isReady ? "answering" : "silent");
        return reply(isReady ? 200 : HttpSetup.SERVICE_UNAVAILABLE, body);
    }

    private Reply scrape() {
        return new Reply(200, HttpSetup.METRICS, registry.scrape().getBytes(StandardCharsets.UTF_8));
    }

    private static Handler answering(Responder responder) {
        return request -> write(request, responder.answer(request));
    }

    private void refused(HttpResponseException refused, Context request) {
        int status = refused.getStatus();
        String allowed = request.path().equals(EVENTS) ? "POST" : "GET, HEAD";
        if (status == METHOD_NOT_ALLOWED) {
            request.header("Allow", allowed);
        }
        write(request, problem(Problem.unanswered(status, request.req().getMethod(), request.path(), allowed)));
    }

    private Reply reply(int status, Object body) {
        return new Reply(status, HttpSetup.JSON, json.bytes(body));
    }

    private Reply problem(int status, String detail) {
        return problem(Problem.of(status, detail));
    }

    private Reply problem(Problem problem) {
        return new Reply(problem.status(), Problem.CONTENT_TYPE, json.bytes(problem.body()));
    }

    private static void write(Context request, Reply reply) {
        if (reply.status() == HttpSetup.SERVICE_UNAVAILABLE || reply.status() == HttpSetup.TOO_MANY_REQUESTS) {
            request.header("Retry-After", HttpSetup.RETRY_SECONDS);
        }
        HttpSetup.write(request, reply.status(), reply.contentType(), reply.body());
    }
}
