package dev.millrace.serve;

import dev.millrace.batch.FastPopularity;
import dev.millrace.event.Features;
import dev.millrace.index.IndexedItem;
import dev.millrace.index.ScoredItem;
import dev.millrace.model.TowerSettings;
import dev.millrace.recall.Answer;
import dev.millrace.recall.RecallRequest;
import dev.millrace.recall.ServedGeneration;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HttpResponseException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP face: recall, similar items, single items, health, metrics.
 *
 * <p>docs/api.md describes it. Every error is a {@link Problem}. Nothing of a request is logged, for it names a user.
 */
public final class RecallServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RecallServer.class);
    private static final int DEFAULT_K = 10;
    private static final String WEIGHT = "w.";
    private static final String POPULARITY_WEIGHT = WEIGHT + "popularity";
    private static final Set<String> RECALL_PARAMETERS =
            Set.of("user", "k", "exclude-seen", "include-vector", POPULARITY_WEIGHT);
    private static final int MAX_HEADER_BYTES = 8 << 10; // request line and headers; no request has a body
    private static final int MAX_CONNECTIONS = 1_024;
    private static final long MAX_BODY_BYTES = 0;
    private static final Duration IDLE = Duration.ofSeconds(30);
    private static final int SERVICE_UNAVAILABLE = 503;

    private final ServeSettings settings;
    private final ServedState state;
    private final SortedMap<String, Double> channelWeights;
    private final PrometheusMeterRegistry registry;
    private final ServeMetrics metrics;
    private final InstantSource clock;
    private final Json json = new Json();
    private final Javalin http;

    /** What an endpoint answers. */
    private record Reply(int status, String contentType, byte[] body) {}

    /** Answers one kind of request. */
    private interface Endpoint {
        Reply answer(Context request);
    }

    /**
     * @param channelWeights that a request may change, and what they are where it does not, by channel
     * @param registry takes this server's metrics; {@code /metrics} gives all that is in it
     */
    public RecallServer(
            ServeSettings settings,
            ServedState state,
            SortedMap<String, Double> channelWeights,
            PrometheusMeterRegistry registry,
            InstantSource clock) {
        this.settings = settings;
        this.state = state;
        this.channelWeights = Collections.unmodifiableSortedMap(new TreeMap<>(channelWeights));
        this.registry = registry;
        this.metrics = new ServeMetrics(registry, state, clock);
        this.clock = clock;
        this.http = Javalin.create(this::configure);
    }

    /** Listens; answers 503 until there is something to answer with. */
    public RecallServer start() {
        http.start();
        return this;
    }

    /** The port it listens on. */
    public int port() {
        return http.port();
    }

    /** Where the API is. */
    public String url() {
        String host = settings.host().contains(":") ? "[" + settings.host() + "]" : settings.host();
        return "http://" + host + ":" + port();
    }

    @Override
    public void close() {
        http.stop();
    }

    private void configure(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.http.prefer405over404 = true;
        config.http.maxRequestSize = MAX_BODY_BYTES;
        config.jetty.threadPool = new QueuedThreadPool(settings.threads(), Math.min(4, settings.threads()));
        config.jetty.addConnector(this::connector);
        config.jetty.modifyServer(server -> {
            server.setErrorHandler(new ProblemPages(json));
            server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, server));
            server.setStopTimeout(Duration.ofSeconds(5).toMillis());
        });
        config.routes.get("/v1/recall", timed("recall", this::recall));
        config.routes.get("/v1/similar", timed("similar", this::similar));
        config.routes.get("/v1/items/<item>", timed("items", this::item));
        config.routes.get("/livez", timed("livez", this::alive));
        config.routes.get("/readyz", timed("readyz", this::ready));
        config.routes.get("/metrics", timed("metrics", this::scrape));
        config.routes.exception(HttpResponseException.class, this::refused);
        config.routes.exception(Exception.class, (failed, request) -> {
            LOG.error("A request failed", failed);
            write(request, problem(Problem.of(500, "the server failed")));
        });
    }

    private ServerConnector connector(Server server, HttpConfiguration configuration) {
        configuration.setSendServerVersion(false);
        configuration.setRequestHeaderSize(MAX_HEADER_BYTES);
        ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(configuration));
        connector.setHost(settings.host());
        connector.setPort(settings.port());
        connector.setIdleTimeout(IDLE.toMillis());
        return connector;
    }

    private Reply recall(Context request) {
        Set<String> known = new HashSet<>(RECALL_PARAMETERS);
        channelWeights.keySet().forEach(channel -> known.add(WEIGHT + channel));
        Query query = query(request, known);
        String user = query.id("user");
        int k = query.integer("k", DEFAULT_K, 1, settings.maxK());
        boolean isSeenExcluded = query.flag("exclude-seen", true);
        boolean isVectorIncluded = query.flag("include-vector", false);
        double popularityWeight =
                query.number(POPULARITY_WEIGHT, settings.popularityWeight(), 0, FastPopularity.MAX_WEIGHT);
        RecallRequest question =
                new RecallRequest(user, k, isSeenExcluded, Features.NONE, popularityWeight, channelWeights(query));
        return answer(state.engine().recall(question), true, isVectorIncluded);
    }

    private SortedMap<String, Double> channelWeights(Query query) {
        SortedMap<String, Double> weights = new TreeMap<>();
        channelWeights.forEach((channel, byDefault) ->
                weights.put(channel, query.number(WEIGHT + channel, byDefault, 0, TowerSettings.MAX_WEIGHT)));
        if (!weights.isEmpty() && weights.values().stream().noneMatch(weight -> weight > 0)) {
            String names =
                    weights.keySet().stream().map(channel -> WEIGHT + channel).collect(Collectors.joining(", "));
            throw new RefusedRequestException(Problem.of(400, "one of " + names + " must be above 0"));
        }
        return weights;
    }

    private Reply similar(Context request) {
        Query query = query(request, Set.of("item", "k"));
        String item = query.id("item");
        int k = query.integer("k", DEFAULT_K, 1, settings.maxK());
        return answer(state.engine().similar(item, k), false, false);
    }

    private Reply answer(Answer answer, boolean isOfUser, boolean isVectorIncluded) {
        if (answer instanceof Answer.Found found) {
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("items", found.items().stream().map(RecallServer::scored).toList());
            body.put("generation", found.generation());
            body.put("step", found.step());
            body.put("ageSeconds", Age.seconds(found.publishedAt(), clock));
            if (isOfUser) {
                body.put("coldStart", found.isColdStart());
            }
            if (isVectorIncluded) {
                body.put("vector", found.query());
            }
            return reply(200, body);
        }
        if (answer instanceof Answer.UnknownItem) {
            throw unknownItem();
        }
        throw notReady();
    }

    private Reply item(Context request) {
        query(request, Set.of());
        String id = Query.checkedId("item", request.pathParam("item"));
        ServedGeneration served = state.engine().served().orElseThrow(RecallServer::notReady);
        IndexedItem item = served.index().item(id).orElseThrow(RecallServer::unknownItem);
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("item", item.item());
        body.put("generation", served.generation());
        body.put("step", item.step());
        body.put("eventTime", item.eventTime());
        body.put("publishedAt", item.publishedAt());
        body.put("ageSeconds", Age.seconds(item.publishedAt(), clock));
        body.put("popularity", item.popularity());
        body.put("vector", item.vector());
        return reply(200, body);
    }

    private Reply alive(Context request) {
        boolean isAlive = state.readiness().isAlive();
        return reply(isAlive ? 200 : SERVICE_UNAVAILABLE, Map.of("alive", isAlive));
    }

    private Reply ready(Context request) {
        Readiness readiness = state.readiness();
        Map<String, Object> topics = new LinkedHashMap<>();
        readiness.topics().forEach((source, progress) -> topics.put(dashed(source), dashed(progress)));
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("ready", readiness.isReady());
        body.put("topics", topics);
        body.put("encoder", readiness.isEncoderReady() ? "ready" : "incomplete");
        readiness.generation().ifPresent(generation -> body.put("generation", generation));
        readiness.building().ifPresent(generation -> body.put("building", generation));
        body.put("items", readiness.items());
        body.put("step", readiness.step());
        return reply(readiness.isReady() ? 200 : SERVICE_UNAVAILABLE, body);
    }

    private Reply scrape(Context request) {
        return new Reply(
                200,
                "text/plain; version=0.0.4; charset=utf-8",
                registry.scrape().getBytes(StandardCharsets.UTF_8));
    }

    private Handler timed(String name, Endpoint endpoint) {
        return request -> {
            long start = System.nanoTime();
            Reply reply;
            try {
                reply = endpoint.answer(request);
            } catch (RefusedRequestException refused) {
                reply = problem(refused.problem());
            }
            write(request, reply);
            metrics.answered(name, reply.status(), System.nanoTime() - start);
        };
    }

    private void refused(HttpResponseException refused, Context request) {
        int status = refused.getStatus();
        if (status == 405) {
            request.header("Allow", "GET, HEAD");
        }
        String detail =
                switch (status) {
                    case 404 -> "no such path";
                    case 405 -> "only GET is answered here";
                    default -> status >= 500 ? "the server failed" : "the request cannot be answered";
                };
        write(request, problem(Problem.of(status, detail)));
    }

    private static Query query(Context request, Set<String> known) {
        Map<String, List<String>> given;
        try {
            given = request.queryParamMap();
        } catch (IllegalArgumentException malformed) {
            throw new RefusedRequestException(Problem.of(400, "the query is not percent-encoded as it must be"));
        }
        return new Query(given, known);
    }

    private static Map<String, Object> scored(ScoredItem item) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("item", item.item());
        body.put("score", item.score());
        return body;
    }

    private static String dashed(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static RefusedRequestException notReady() {
        return new RefusedRequestException(
                Problem.of(SERVICE_UNAVAILABLE, "no complete generation is served yet, see /readyz"));
    }

    private static RefusedRequestException unknownItem() {
        return new RefusedRequestException(Problem.of(404, "no such item in the index"));
    }

    private Reply reply(int status, Object body) {
        return new Reply(status, "application/json", json.bytes(body));
    }

    private Reply problem(Problem problem) {
        return new Reply(problem.status(), Problem.CONTENT_TYPE, json.bytes(problem.body()));
    }

    private static void write(Context request, Reply reply) {
        if (reply.status() == SERVICE_UNAVAILABLE) {
            request.header("Retry-After", "1");
        }
        request.header("Cache-Control", "no-store")
                .header("X-Content-Type-Options", "nosniff")
                .status(reply.status())
                .contentType(reply.contentType())
                .result(reply.body());
    }
}
