package dev.millrace.serve;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.access.Operations;
import dev.millrace.event.Features;
import dev.millrace.follow.ServedState;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.index.IndexedItem;
import dev.millrace.page.LivePage;
import dev.millrace.recall.Answer;
import dev.millrace.recall.RecallRequest;
import dev.millrace.recall.ServedGeneration;
import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.fault.MissingRightException;
import dev.millrace.topic.fault.UnusableTopicException;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpStatus;

/**
 * The recall API over HTTP: recall, similar items, single items, health, metrics; and the page.
 *
 * <p>docs/api.md describes it. Every error is a {@link Problem}. Nothing of a request is logged, as it names a user; an {@link AnswerLog} has a digest instead.
 */
public final class RecallServer implements AutoCloseable {

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
    private final HttpSetup setup;
    private final ServedState state;
    private final Beside beside;
    private final PageCursors cursors;
    private final RecallQuestions questions;
    private final RateLimit rate;
    private final PrometheusMeterRegistry registry;
    private final ServeMetrics metrics;
    private final InstantSource clock;
    private final LiveStream live;
    private final Javalin http;

    /**
     * What a server has beside recall.
     *
     * @param hindrances members of {@code /readyz} beside the state's: transactions without an end, at which readers stop
     * @param answers counted while an experiment runs
     * @param page answered at {@code /}; absent for none
     * @param operations that bearers of the role admin may order
     * @param log of answers; absent for none
     */
    public record Beside(
            Supplier<Map<String, Object>> hindrances,
            ServedAnswers answers,
            Optional<LivePage> page,
            Operations operations,
            Optional<AnswerLog> log) {}

    /**
     * @param registry for this server's metrics; {@code /metrics} gives everything in it
     * @throws dev.millrace.settings.InvalidSettingsException if the files of tokens, TLS or cursors' key cannot be used
     */
    public RecallServer(
            ServeSettings settings,
            ServedState state,
            Beside beside,
            PrometheusMeterRegistry registry,
            InstantSource clock) {
        this.settings = settings;
        this.setup = new HttpSetup(
                settings.host(), settings.port(), settings.access(), settings.clients(), settings.threads(), STOP);
        this.state = state;
        this.beside = beside;
        this.cursors = PageCursors.of(settings.cursorKey());
        this.questions = new RecallQuestions(settings, state.engine(), cursors);
        this.rate = new RateLimit(settings.maxRate(), "questions a second (serve.max-rate)", System::nanoTime);
        this.registry = registry;
        this.metrics = new ServeMetrics(registry, state, clock);
        metrics.connections(setup);
        beside.log().ifPresent(metrics::answers);
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
    }

    void configure(JavalinConfig config) {
        setup.applyTo(config, this::allowed);
        HttpSetup.get(config, "/v1/recall", this::recall);
        config.routes.post("/v1/recall", this::recallPosted);
        HttpSetup.get(config, "/v1/similar", this::similar);
        HttpSetup.get(config, "/v1/items/<item>", this::item);
        HttpSetup.health(
                config,
                () -> state.readiness().isAlive(),
                () -> state.readiness().isReady(),
                this::detail);
        HttpSetup.metrics(config, registry);
        new OperatorRoutes(beside.operations()).addTo(config);
        beside.page().ifPresent(one -> {
            config.jetty.modifyServer(server -> server.insertHandler(live));
            new PageRoutes(one, live).addTo(config);
        });
        HttpSetup.problems(config, GenerationRefusedException.class, HttpStatus.CONFLICT_409);
        HttpSetup.problems(config, BrokerUnreachableException.class, HttpSetup.SERVICE_UNAVAILABLE);
        HttpSetup.problems(config, UnusableTopicException.class, HttpSetup.SERVICE_UNAVAILABLE);
        HttpSetup.problems(config, MissingRightException.class, HttpStatus.INTERNAL_SERVER_ERROR_500);
        setup.limit(config, rate, RecallServer::cost);
        setup.guard(config);
        setup.tell(config, metrics::answered);
    }

    /** What a request costs, in questions; of a batch its first one. docs/api.md has the figures that these were rounded from. */
    private static double cost(String method, String path) {
        if (path.equals(PageRoutes.MAP)) {
            return MAP_COST;
        }
        boolean isLookUp = path.equals("/") || LOOKED_UP.stream().anyMatch(path::startsWith);
        return isLookUp && !method.equals("DELETE") ? LOOK_UP_COST : 1;
    }

    private void recall(Context request) {
        Supplier<RecallQuestions.Question> reading = () -> questions.of(Given.parameters(request));
        answer(request, answered(reading));
    }

    /** Answers one question, or several: of {@code {"requests": [ … ]}} each has its own answer, or its own problem. */
    private void recallPosted(Context request) {
        Given.requireNoQuery(request);
        Given body = Given.body(request);
        if (!body.has(Json.BATCH)) {
            answer(request, answered(() -> questions.of(body)));
            return;
        }
        body.requireKnown(Set.of(Json.BATCH));
        List<JsonNode> each = body.elements(Json.BATCH, settings.maxBatch());
        if (!rate.admitsAll(each.size())) {
            throw new RefusedRequestException(rate.problem());
        }
        List<byte[]> answers = new ArrayList<>(each.size()); // not as objects, which are many times as large
        for (int at = 0; at < each.size(); at++) {
            answers.add(Json.bytes(answerOrProblem(Json.BATCH + "[" + at + "]", each.get(at))));
        }
        HttpSetup.write(request, 200, HttpSetup.JSON, Json.object("answers", answers));
    }

    private Object answerOrProblem(String path, JsonNode question) {
        try {
            Given given = Given.json(path, question);
            return answered(() -> questions.of(given));
        } catch (RefusedRequestException refused) {
            if (refused.problem().status() == HttpSetup.SERVICE_UNAVAILABLE) {
                throw refused;
            }
            return refused.problem();
        }
    }

    /**
     * Answers a question.
     *
     * @param reading reads it; called again if the generation that it was read for was dropped before it answered
     */
    private AnswerBody answered(Supplier<RecallQuestions.Question> reading) {
        long begun = System.nanoTime();
        RecallQuestions.Question asked = reading.get();
        Answer answer = answer(asked);
        while (answer == Answer.Refusal.NOT_READY && !questions.isCurrent(asked)) {
            asked = reading.get();
            answer = answer(asked);
        }
        long took = System.nanoTime() - begun;
        boolean isVectorIncluded = asked.isVectorIncluded();
        RecallRequest question = asked.request();
        Optional<List<String>> pages = asked.before();
        int catalogue = asked.answering().index().size();
        return answer.when(
                found -> {
                    List<String> before = pages.orElse(List.of());
                    if (before.isEmpty()) { // a later page says nothing of an arm
                        beside.answers().answered(question, found, took, catalogue, clock.millis());
                    }
                    AnswerBody body = AnswerBody.ofUser(found, isVectorIncluded, clock);
                    return pages.isEmpty() ? body : body.before(next(question, found, before));
                },
                refusal -> {
                    throw refused(refusal);
                });
    }

    /** The cursor behind an answer; absent if it was the last. */
    private Optional<String> next(RecallRequest question, Answer.Found found, List<String> before) {
        List<String> answered = new ArrayList<>(before);
        found.items().forEach(each -> answered.add(each.item()));
        return found.items().size() < question.k()
                ? Optional.empty()
                : cursors.behind(question.user(), found.generation(), answered);
    }

    private Answer answer(RecallQuestions.Question asked) {
        return beside.log()
                .map(log -> log.answer(asked.request(), asked.answering()))
                .orElseGet(() -> state.engine().recall(asked.request(), asked.answering()));
    }

    private void similar(Context request) {
        Given query = Given.query(Given.parameters(request), Set.of("item", "k", "by"));
        String item = query.id("item");
        int k = query.integer("k", Math.min(DEFAULT_K, settings.maxK()), 1, settings.maxK());
        boolean isByNeighbours = query.choice("by", BY).equals(NEIGHBOURS);
        Answer answer = isByNeighbours
                ? state.engine().besides(item, k)
                : state.engine().similar(item, k);
        answer(request, answer.when(found -> AnswerBody.ofItem(found, clock), refusal -> {
            throw refused(refusal);
        }));
    }

    private static RefusedRequestException refused(Answer.Refusal refusal) {
        return switch (refusal) {
            case NOT_READY -> RecallQuestions.notReady();
            case UNKNOWN_GENERATION -> RecallQuestions.unknownGeneration();
            case UNKNOWN_ITEM -> new RefusedRequestException(Problem.of(404, "no such item in the index"));
        };
    }

    private void item(Context request) {
        Given.requireNoQuery(request);
        String id = Given.checkedId("item", request.pathParam("item"));
        ServedGeneration served = state.engine().served().orElseThrow(() -> refused(Answer.Refusal.NOT_READY));
        IndexedItem item = served.index().item(id).orElseThrow(() -> refused(Answer.Refusal.UNKNOWN_ITEM));
        ItemBody body = new ItemBody(
                id,
                served.generation(),
                item.step(),
                item.eventTime(),
                item.publishedAt(),
                AnswerBody.ageSeconds(item.publishedAt(), clock),
                item.popularity(served.encoder().prior().halfLife()),
                item.attributes(),
                item.vector());
        answer(request, body.generation(), body.step(), body);
    }

    /** What the index of a generation has of an item. */
    private record ItemBody(
            String item,
            String generation,
            long step,
            long eventTime,
            long publishedAt,
            double ageSeconds,
            float popularity,
            Features attributes,
            float[] vector) {}

    private Map<String, Object> detail() {
        Map<String, Object> detail = state.readiness().body();
        detail.putAll(beside.hindrances().get());
        return detail;
    }

    private String allowed(String path) {
        return switch (path) {
            case "/v1/recall", TokenGuard.SESSION -> "GET, HEAD, POST";
            case PageRoutes.CLICKS -> "POST";
            default -> OperatorRoutes.allowed(path, beside.page().isPresent()).orElse("GET, HEAD");
        };
    }

    private static void answer(Context request, AnswerBody answer) {
        answer(request, answer.generation(), answer.step(), answer);
    }

    private static void answer(Context request, String generation, long step, Object body) {
        request.header("Millrace-Generation", URLEncoder.encode(generation, StandardCharsets.UTF_8))
                .header("Millrace-Step", Long.toString(step));
        HttpSetup.json(request, 200, body);
    }
}
