package dev.millrace.serve;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.index.IndexedItem;
import dev.millrace.index.ScoredItem;
import dev.millrace.recall.Answer;
import dev.millrace.recall.Generations;
import dev.millrace.recall.ServedGeneration;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HttpResponseException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
    private static final String JSON = "application/json";
    private static final int DEFAULT_K = 10;
    private static final int MAX_HEADER_BYTES = 8 << 10; // request line and headers
    private static final Duration IDLE = Duration.ofSeconds(30);
    private static final int SERVICE_UNAVAILABLE = 503;
    private static final int TOO_MANY_REQUESTS = 429;

    private final ServeSettings settings;
    private final ServedState state;
    private final RecallQuestions questions;
    private final RateLimit rate;
    private final PrometheusMeterRegistry registry;
    private final ServeMetrics metrics;
    private final InstantSource clock;
    private final Json json = new Json();
    private final Javalin http;

    /** What of the model an answer was made from. */
    private record Version(String generation, long step) {}

    /** An answer, and what it was made from. */
    private record Made(Map<String, Object> body, Version version) {}

    /** What an endpoint answers. */
    private record Reply(int status, String contentType, byte[] body, Optional<Version> version) {}

    /** Answers one kind of request. */
    private interface Endpoint {
        Reply answer(Context request);
    }

    /**
     * @param registry takes this server's metrics; {@code /metrics} gives all that is in it
     */
    public RecallServer(
            ServeSettings settings, ServedState state, PrometheusMeterRegistry registry, InstantSource clock) {
        this.settings = settings;
        this.state = state;
        this.questions = new RecallQuestions(settings, state.engine());
        this.rate = new RateLimit(settings.maxRate(), System::nanoTime);
        this.registry = registry;
        this.metrics = new ServeMetrics(registry, state, List.of("recall", "recall-post", "similar", "items"), clock);
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
        config.http.maxRequestSize = settings.maxBodyBytes();
        config.jetty.threadPool = new QueuedThreadPool(settings.threads(), Math.min(4, settings.threads()));
        config.jetty.addConnector(this::connector);
        config.jetty.modifyServer(server -> {
            server.setErrorHandler(new ProblemPages(json));
            server.addBean(new NetworkConnectionLimit(settings.maxConnections(), server));
            server.setStopTimeout(Duration.ofSeconds(5).toMillis());
        });
        get(config, "/v1/recall", timed("recall", this::recall));
        config.routes.post("/v1/recall", timed("recall-post", this::recallPosted));
        get(config, "/v1/similar", timed("similar", this::similar));
        get(config, "/v1/items/<item>", timed("items", this::item));
        get(config, "/livez", timed("livez", this::alive));
        get(config, "/readyz", timed("readyz", this::ready));
        get(config, "/metrics", timed("metrics", this::scrape));
        config.routes.exception(HttpResponseException.class, this::refused);
        config.routes.exception(Exception.class, (failed, request) -> {
            LOG.error("A request failed", failed);
            write(request, problem(Problem.of(500, "the server failed")));
        });
    }

    /** HEAD is asked of the same handler: left to itself, Javalin answers it with 200 wherever GET is answered at all. */
    private static void get(JavalinConfig config, String path, Handler handler) {
        config.routes.get(path, handler);
        config.routes.head(path, handler);
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
        RecallQuestions.Asked asked = questions.of(parameters(request));
        requireRate(1);
        return versioned(answered(asked));
    }

    /** One question, or several: {@code {"requests": [ … ]}}, each of which has its own answer, or its own problem. */
    private Reply recallPosted(Context request) {
        new Query(parameters(request), Set.of());
        JsonMembers body = new JsonMembers("", json.tree(request.bodyAsBytes()));
        if (!body.has("requests")) {
            RecallQuestions.Asked asked = questions.of(body);
            requireRate(1);
            return versioned(answered(asked));
        }
        body.requireKnown(Set.of("requests"));
        List<JsonNode> each = body.elements("requests", settings.maxBatch());
        requireRate(each.size());
        List<Object> answers = new ArrayList<>(each.size());
        for (int at = 0; at < each.size(); at++) {
            answers.add(answerOrProblem("requests[" + at + "]", each.get(at)));
        }
        return reply(200, Map.of("answers", answers));
    }

    private Object answerOrProblem(String path, JsonNode question) {
        try {
            return answered(questions.of(new JsonMembers(path, question))).body();
        } catch (RefusedRequestException refused) {
            if (refused.problem().status() == SERVICE_UNAVAILABLE) {
                throw refused;
            }
            return refused.problem().body();
        }
    }

    private void requireRate(int asked) {
        if (!rate.admits(asked)) {
            throw new RefusedRequestException(Problem.of(
                    TOO_MANY_REQUESTS, "more than " + settings.maxRate() + " questions a second (serve.max-rate)"));
        }
    }

    private Made answered(RecallQuestions.Asked asked) {
        return made(state.engine().recall(asked.request()), true, asked.isVectorIncluded());
    }

    private Reply similar(Context request) {
        Query query = new Query(parameters(request), Set.of("item", "k"));
        String item = query.id("item");
        int k = query.integer("k", DEFAULT_K, 1, settings.maxK());
        return versioned(made(state.engine().similar(item, k), false, false));
    }

    private Made made(Answer answer, boolean isOfUser, boolean isVectorIncluded) {
        if (answer instanceof Answer.Found found) {
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("items", items(found));
            body.put("generation", found.generation());
            body.put("step", found.step());
            body.put("ageSeconds", Age.seconds(found.publishedAt(), clock));
            if (isOfUser) {
                body.put("coldStart", found.isColdStart());
            }
            if (isVectorIncluded) {
                body.put("vector", found.query());
            }
            return new Made(body, new Version(found.generation(), found.step()));
        }
        if (answer instanceof Answer.UnknownItem) {
            throw unknownItem();
        }
        if (answer instanceof Answer.UnknownGeneration) {
            throw RecallQuestions.unknownGeneration();
        }
        throw notReady();
    }

    private Reply item(Context request) {
        new Query(parameters(request), Set.of());
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
        body.put("attributes", Json.features(item.attributes()));
        body.put("vector", item.vector());
        return versioned(new Made(body, new Version(served.generation(), item.step())));
    }

    private Reply alive(Context request) {
        boolean isAlive = state.readiness().isAlive();
        return reply(isAlive ? 200 : SERVICE_UNAVAILABLE, Map.of("alive", isAlive));
    }

    private Reply ready(Context request) {
        Readiness readiness = state.readiness();
        Map<String, Object> topics = new LinkedHashMap<>();
        readiness.topics().forEach((source, progress) -> topics.put(source.text(), progress.text()));
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("ready", readiness.isReady());
        body.put("topics", topics);
        body.put("records", records(readiness));
        readiness.generation().ifPresent(generation -> body.put("generation", generation));
        readiness.promoted().ifPresent(generation -> body.put("promoted", generation));
        body.put(
                "generations",
                readiness.generations().stream().map(RecallServer::status).toList());
        body.put("items", readiness.items());
        body.put("step", readiness.step());
        return reply(readiness.isReady() ? 200 : SERVICE_UNAVAILABLE, body);
    }

    private static Map<String, Object> status(Generations.Status status) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("generation", status.generation());
        body.put("complete", status.isComplete());
        body.put("items", status.items());
        body.put("encoder", status.isEncoderReady() ? "ready" : "incomplete");
        return body;
    }

    private static Map<String, Object> records(Readiness readiness) {
        Map<String, Object> records = new LinkedHashMap<>();
        readiness.records().forEach((source, of) -> {
            Map<String, Object> counts = new LinkedHashMap<>();
            counts.put("read", of.read());
            counts.put("of", of.all());
            records.put(source.text(), counts);
        });
        return records;
    }

    private Reply scrape(Context request) {
        return new Reply(
                200,
                "text/plain; version=0.0.4; charset=utf-8",
                registry.scrape().getBytes(StandardCharsets.UTF_8),
                Optional.empty());
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
            request.header("Allow", request.path().equals("/v1/recall") ? "GET, HEAD, POST" : "GET, HEAD");
        }
        String detail =
                switch (status) {
                    case 404 -> "no such path";
                    case 405 -> "this method is not answered here, see Allow";
                    case 413 -> "the body may have " + settings.maxBodyBytes() + " bytes (serve.max-body-bytes)";
                    default -> status >= 500 ? "the server failed" : "the request cannot be answered";
                };
        write(request, problem(Problem.of(status, detail)));
    }

    private static Map<String, List<String>> parameters(Context request) {
        try {
            return request.queryParamMap();
        } catch (IllegalArgumentException malformed) {
            throw new RefusedRequestException(Problem.of(400, "the query is not percent-encoded as it must be"));
        }
    }

    private static List<Map<String, Object>> items(Answer.Found found) {
        List<Map<String, Object>> items = new ArrayList<>(found.items().size());
        for (int at = 0; at < found.items().size(); at++) {
            Map<String, Object> item = scored(found.items().get(at));
            if (!found.reasons().isEmpty()) {
                item.put(
                        "nearest",
                        found.reasons().get(at).stream()
                                .map(RecallServer::scored)
                                .toList());
            }
            items.add(item);
        }
        return items;
    }

    private static Map<String, Object> scored(ScoredItem item) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("item", item.item());
        body.put("score", item.score());
        return body;
    }

    private static RefusedRequestException notReady() {
        return new RefusedRequestException(
                Problem.of(SERVICE_UNAVAILABLE, "no complete generation is served yet, see /readyz"));
    }

    private static RefusedRequestException unknownItem() {
        return new RefusedRequestException(Problem.of(404, "no such item in the index"));
    }

    private Reply versioned(Made made) {
        return new Reply(200, JSON, json.bytes(made.body()), Optional.of(made.version()));
    }

    private Reply reply(int status, Object body) {
        return new Reply(status, JSON, json.bytes(body), Optional.empty());
    }

    private Reply problem(Problem problem) {
        return new Reply(problem.status(), Problem.CONTENT_TYPE, json.bytes(problem.body()), Optional.empty());
    }

    private static void write(Context request, Reply reply) {
        if (reply.status() == SERVICE_UNAVAILABLE || reply.status() == TOO_MANY_REQUESTS) {
            request.header("Retry-After", "1");
        }
        reply.version().ifPresent(version -> request.header(
                        "Millrace-Generation", URLEncoder.encode(version.generation(), StandardCharsets.UTF_8))
                .header("Millrace-Step", Long.toString(version.step())));
        request.header("Cache-Control", "no-store")
                .header("X-Content-Type-Options", "nosniff")
                .status(reply.status())
                .contentType(reply.contentType())
                .result(reply.body());
    }
}
