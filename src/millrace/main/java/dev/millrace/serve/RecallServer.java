package dev.millrace.serve;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.access.Operations;
import dev.millrace.access.ServerKeys;
import dev.millrace.access.Tokens;
import dev.millrace.follow.Readiness;
import dev.millrace.follow.ServedState;
import dev.millrace.index.IndexedItem;
import dev.millrace.page.LivePage;
import dev.millrace.recall.Answer;
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
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The recall API over HTTP: recall, similar items, single items, health, metrics; and the page.
 *
 * <p>docs/api.md describes it. Every error is a {@link Problem}. Nothing of a request is logged, as it names a user.
 */
public final class RecallServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RecallServer.class);
    private static final int DEFAULT_K = 10;
    private static final String NEIGHBOURS = "neighbours";
    /** What similar items can be found by. */
    private static final List<String> BY = List.of("vector", NEIGHBOURS);

    private static final int MAP_COST = 5;
    private static final double LOOK_UP_COST = 0.1;
    private static final List<String> LOOKED_UP =
            List.of(PageRoutes.FILES, PageRoutes.SERIES, TokenGuard.SESSION, "/v1/items/", OperatorRoutes.USERS);

    private static final Duration STOP = Duration.ofSeconds(5);

    private final ServeSettings settings;
    private final Optional<ServerKeys> tls;
    private final Optional<Tokens> tokens;
    private final HttpSetup setup;
    private final ServedState state;
    private final Beside beside;
    private final RecallQuestions questions;
    private final RateLimit rate;
    private final PrometheusMeterRegistry registry;
    private final ServeMetrics metrics;
    private final InstantSource clock;
    private final Json json = new Json();
    private final LiveStream live;
    private final Javalin http;

    /**
     * What a server has beside recall.
     *
     * @param hindrances members of {@code /readyz} beside the state's: what may keep it from growing
     * @param page answered at {@code /}; absent for none
     * @param operations that bearers of the role admin may order
     */
    public record Beside(Supplier<Map<String, Object>> hindrances, Optional<LivePage> page, Operations operations) {}

    /** What an endpoint answers. */
    private record Reply(int status, String contentType, byte[] body, Optional<AnswerBody.Version> version) {}

    /** Answers the requests of one endpoint. */
    private interface Responder {
        Reply answer(Context request);
    }

    /**
     * @param registry for this server's metrics; {@code /metrics} gives everything in it
     * @throws dev.millrace.settings.InvalidSettingsException if the files of tokens or TLS cannot be used
     */
    public RecallServer(
            ServeSettings settings,
            ServedState state,
            Beside beside,
            PrometheusMeterRegistry registry,
            InstantSource clock) {
        this.settings = settings;
        this.tls = settings.access().openKeys();
        this.tokens = settings.access().openTokens();
        this.setup = new HttpSetup(settings.host(), settings.port(), tls, settings.clients(), settings.threads(), STOP);
        this.state = state;
        this.beside = beside;
        this.questions = new RecallQuestions(settings, state.engine());
        this.rate = new RateLimit(settings.maxRate(), "questions a second (serve.max-rate)", System::nanoTime);
        this.registry = registry;
        this.metrics = new ServeMetrics(registry, state, clock);
        metrics.connections(setup);
        this.clock = clock;
        this.live = new LiveStream(settings.clients(), setup.connections(), System::nanoTime);
        this.http = Javalin.create(this::configure);
    }

    /** Begins to listen. Answers 503 until a generation answers. */
    public RecallServer start() {
        beside.page().ifPresent(one -> one.listenTo(live::send));
        setup.start(http, "serve.port");
        return this;
    }

    /** The port it listens on. */
    public int port() {
        return http.port();
    }

    /** The address of the API. */
    public String url() {
        return setup.url(port());
    }

    @Override
    public void close() {
        live.end();
        setup.stop(http);
        tokens.ifPresent(Tokens::close);
        tls.ifPresent(ServerKeys::close);
    }

    private void configure(JavalinConfig config) {
        setup.applyTo(config, json);
        config.http.prefer405over404 = true;
        for (Endpoint endpoint : Endpoint.values()) {
            Handler handler = answering(responder(endpoint));
            if (endpoint == Endpoint.RECALL_POST) {
                config.routes.post(endpoint.path(), handler);
            } else {
                HttpSetup.get(config, endpoint.path(), handler);
            }
        }
        new OperatorRoutes(beside.operations(), json).addTo(config);
        beside.page().ifPresent(one -> {
            config.jetty.modifyServer(server -> server.insertHandler(live));
            new PageRoutes(one, live, json).addTo(config);
        });
        setup.limit(config, rate, RecallServer::cost, json);
        setup.guard(config, settings.access().hosts(), tokens, json);
        setup.tell(config, metrics::answered, json);
        config.routes.exception(HttpResponseException.class, this::refused);
        config.routes.exception(Exception.class, (failed, request) -> {
            LOG.error("A request failed", failed);
            write(request, problem(Problem.of(500, "the server failed")));
        });
    }

    /** What a request costs, in questions; of a batch its first one. docs/api.md has the figures that these were rounded from. */
    private static double cost(String method, String path) {
        if (path.equals(PageRoutes.MAP)) {
            return MAP_COST;
        }
        boolean isLookUp = path.equals("/") || LOOKED_UP.stream().anyMatch(path::startsWith);
        return isLookUp && !method.equals("DELETE") ? LOOK_UP_COST : 1;
    }

    private Responder responder(Endpoint endpoint) {
        return switch (endpoint) {
            case RECALL -> this::recall;
            case RECALL_POST -> this::recallPosted;
            case SIMILAR -> this::similar;
            case ITEMS -> this::item;
            case LIVEZ -> this::alive;
            case READYZ -> this::ready;
            case METRICS -> this::scrape;
        };
    }

    private Reply recall(Context request) {
        Supplier<RecallQuestions.Question> reading = () -> questions.of(parameters(request));
        RecallQuestions.Question asked = reading.get();
        return versioned(answered(asked, reading));
    }

    /** Answers one question, or several: of {@code {"requests": [ … ]}} each has its own answer, or its own problem. */
    private Reply recallPosted(Context request) {
        new Query(parameters(request), Set.of());
        JsonMembers body = new JsonMembers("", json.tree(request.bodyAsBytes()));
        if (!body.has(Json.BATCH)) {
            RecallQuestions.Question asked = questions.of(body);
            return versioned(answered(asked, () -> questions.of(body)));
        }
        body.requireKnown(Set.of(Json.BATCH));
        List<JsonNode> each = body.elements(Json.BATCH, settings.maxBatch());
        if (!rate.admitsAll(each.size())) {
            throw new RefusedRequestException(rate.problem());
        }
        List<byte[]> answers = new ArrayList<>(each.size()); // not as objects, which are many times as large
        for (int at = 0; at < each.size(); at++) {
            answers.add(json.bytes(answerOrProblem(Json.BATCH + "[" + at + "]", each.get(at))));
        }
        return new Reply(200, HttpSetup.JSON, Json.object("answers", answers), Optional.empty());
    }

    private Object answerOrProblem(String path, JsonNode question) {
        try {
            JsonMembers given = new JsonMembers(path, question);
            return answered(questions.of(given), () -> questions.of(given)).members();
        } catch (RefusedRequestException refused) {
            if (refused.problem().status() == HttpSetup.SERVICE_UNAVAILABLE) {
                throw refused;
            }
            return refused.problem().body();
        }
    }

    /**
     * Answers a question.
     *
     * @param again reads it anew, if the generation that it was read for was dropped before it had answered
     */
    private AnswerBody answered(RecallQuestions.Question first, Supplier<RecallQuestions.Question> again) {
        RecallQuestions.Question asked = first;
        Answer answer = answer(asked);
        while (answer == Answer.Refusal.NOT_READY && !questions.isCurrent(asked)) {
            asked = again.get();
            answer = answer(asked);
        }
        boolean isVectorIncluded = asked.isVectorIncluded();
        return answer.when(found -> AnswerBody.ofUser(found, isVectorIncluded, clock), refusal -> {
            throw refused(refusal);
        });
    }

    private Answer answer(RecallQuestions.Question asked) {
        return asked.answering()
                .map(generation -> state.engine().recall(asked.request(), generation))
                .orElse(Answer.Refusal.NOT_READY);
    }

    private Reply similar(Context request) {
        Query query = new Query(parameters(request), Set.of("item", "k", "by"));
        String item = query.id("item");
        int k = query.integer("k", DEFAULT_K, 1, settings.maxK());
        boolean isByNeighbours = query.choice("by", BY).equals(NEIGHBOURS);
        Answer answer = isByNeighbours
                ? state.engine().besides(item, k)
                : state.engine().similar(item, k);
        return versioned(answer.when(found -> AnswerBody.ofItem(found, clock), refusal -> {
            throw refused(refusal);
        }));
    }

    private static RefusedRequestException refused(Answer.Refusal refusal) {
        return switch (refusal) {
            case NOT_READY ->
                new RefusedRequestException(
                        Problem.of(HttpSetup.SERVICE_UNAVAILABLE, "no complete generation is served yet, see /readyz"));
            case UNKNOWN_GENERATION -> RecallQuestions.unknownGeneration();
            case UNKNOWN_ITEM -> new RefusedRequestException(Problem.of(404, "no such item in the index"));
        };
    }

    private Reply item(Context request) {
        new Query(parameters(request), Set.of());
        String id = Query.checkedId("item", request.pathParam("item"));
        ServedGeneration served = state.engine().served().orElseThrow(() -> refused(Answer.Refusal.NOT_READY));
        IndexedItem item = served.index().item(id).orElseThrow(() -> refused(Answer.Refusal.UNKNOWN_ITEM));
        return versioned(AnswerBody.of(item, served.generation(), clock));
    }

    private Reply alive(Context request) {
        boolean isAlive = state.readiness().isAlive();
        return reply(isAlive ? 200 : HttpSetup.SERVICE_UNAVAILABLE, Map.of("alive", isAlive));
    }

    private Reply ready(Context request) {
        Readiness readiness = state.readiness();
        Map<String, Object> body = new LinkedHashMap<>(readiness.body());
        body.putAll(beside.hindrances().get());
        return reply(readiness.isReady() ? 200 : HttpSetup.SERVICE_UNAVAILABLE, body);
    }

    private Reply scrape(Context request) {
        return new Reply(200, HttpSetup.METRICS, registry.scrape().getBytes(StandardCharsets.UTF_8), Optional.empty());
    }

    private Handler answering(Responder responder) {
        return request -> {
            Reply reply;
            try {
                reply = responder.answer(request);
            } catch (RefusedRequestException refused) {
                reply = problem(refused.problem());
            }
            write(request, reply);
        };
    }

    private void refused(HttpResponseException refused, Context request) {
        int status = refused.getStatus();
        String allowed = allowed(request.path());
        if (status == 405) {
            request.header("Allow", allowed);
        }
        write(request, problem(Problem.unanswered(status, request.req().getMethod(), request.path(), allowed)));
    }

    private String allowed(String path) {
        return switch (path) {
            case "/v1/recall", TokenGuard.SESSION -> "GET, HEAD, POST";
            case PageRoutes.CLICKS -> "POST";
            default -> OperatorRoutes.allowed(path, beside.page().isPresent()).orElse("GET, HEAD");
        };
    }

    /** The parameters of a query. */
    static Map<String, List<String>> parameters(Context request) {
        Map<String, List<String>> parameters;
        try {
            parameters = request.queryParamMap();
        } catch (IllegalArgumentException malformed) {
            parameters = Map.of("", List.of());
        }
        if (parameters.values().stream().anyMatch(List::isEmpty)) { // Javalin leaves out a value with a broken escape
            throw new RefusedRequestException(Problem.of(400, "the query is not percent-encoded as it must be"));
        }
        return parameters;
    }

    private Reply versioned(AnswerBody answer) {
        return new Reply(200, HttpSetup.JSON, json.bytes(answer.members()), Optional.of(answer.version()));
    }

    private Reply reply(int status, Object body) {
        return new Reply(status, HttpSetup.JSON, json.bytes(body), Optional.empty());
    }

    private Reply problem(Problem problem) {
        return new Reply(problem.status(), Problem.CONTENT_TYPE, json.bytes(problem.body()), Optional.empty());
    }

    private static void write(Context request, Reply reply) {
        if (reply.status() == HttpSetup.SERVICE_UNAVAILABLE || reply.status() == HttpSetup.TOO_MANY_REQUESTS) {
            request.header("Retry-After", HttpSetup.RETRY_SECONDS);
        }
        reply.version().ifPresent(version -> request.header(
                        "Millrace-Generation", URLEncoder.encode(version.generation(), StandardCharsets.UTF_8))
                .header("Millrace-Step", Long.toString(version.step())));
        HttpSetup.write(request, reply.status(), reply.contentType(), reply.body());
    }
}
