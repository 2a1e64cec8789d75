package dev.millrace.serve;

import dev.millrace.follow.DurationCounts;
import dev.millrace.follow.FollowedTopic;
import dev.millrace.follow.Freshness;
import dev.millrace.follow.RecentDurations;
import dev.millrace.follow.ServedState;
import dev.millrace.index.VectorAges;
import dev.millrace.recall.Generations.Outcome;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** The metrics of the recall server. */
final class ServeMetrics {

    private static final Duration[] FRESHNESS_EDGES = HttpMetrics.millis(
            100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1_000, 1_200, 1_500, 2_000, 3_000, 5_000,
            10_000, 20_000, 60_000, 300_000, 3_600_000);

    private static final long AGES_FOR_MILLIS = 1_000;
    private static final int OK = 200;
    private static final List<String> QUESTIONS = List.of("recall", "recall-post", "similar", "items");

    private final MeterRegistry registry;
    private final HttpMetrics http;
    private final ServedState state;
    private final InstantSource clock;
    private VectorAges ages = VectorAges.NONE; // read once for all gauges of a scrape
    private long agesUntil;
    private final Map<String, RequestTimes> answers = new HashMap<>(); // by endpoint

    ServeMetrics(MeterRegistry registry, ServedState state, InstantSource clock) {
        this.registry = registry;
        this.state = state;
        this.clock = clock;
        this.http = new HttpMetrics(registry);
        Timer freshness = Timer.builder("millrace.freshness")
                .description("time from sending a click until a vector that has learnt from it answers")
                .serviceLevelObjectives(FRESHNESS_EDGES)
                .register(registry);
        state.listenTo(took -> freshness.record(took, TimeUnit.MILLISECONDS));
        recentFreshness("p50", Freshness.Quantiles::p50Millis);
        recentFreshness("p99", Freshness.Quantiles::p99Millis);
        for (String endpoint : QUESTIONS) {
            RequestTimes times = new RequestTimes(clock);
            answers.put(endpoint, times);
            recentAnswers(endpoint, times, "p50", 0.5);
            recentAnswers(endpoint, times, "p99", 0.99);
        }
        gauge("ready", "1 if requests are answered", one -> one.readiness().isReady() ? 1 : 0);
        gauge("index.items", "items in the index that answers", ServedState::servedItems);
        gauge("index.step", "latest learning step among the vectors of the index that answers", one -> one.engine()
                .served()
                .map(served -> (double) served.index().newestStep())
                .orElse(0.0));
        gauge("index.age.seconds", "time since the newest vector of the index was published", one -> one.engine()
                .served()
                .map(served -> AnswerBody.ageSeconds(served.index().newestPublication(), clock))
                .orElse(Double.NaN));
        gauge(
                "index.oldest.vector.seconds",
                "time since the oldest vector of the index was published",
                one -> AnswerBody.ageSeconds(ages().oldestPublication(), clock));
        String behind = "learning steps that the vectors of the index are behind its newest";
        gauge("index.vector.age.steps", behind, one -> ages().maxSteps(), "of", "max");
        gauge("index.vector.age.steps", behind, one -> ages().p99Steps(), "of", "p99");
        gauge("index.vector.age.steps", behind, one -> ages().meanSteps(), "of", "mean");
        for (Outcome outcome : Outcome.values()) {
            String label = outcome.name().toLowerCase(Locale.ROOT);
            counter(
                    "index.embeddings",
                    "item embeddings read, by outcome",
                    one -> one.embeddings(outcome),
                    "outcome",
                    label);
        }
        counter("serve.model.updates", "entries of the query side read", one -> one.taken(FollowedTopic.MODEL_UPDATES));
        counter(
                "serve.model.updates.rejected",
                "entries of the query side that failed their check",
                ServedState::rejectedModelUpdates);
        for (FollowedTopic topic : FollowedTopic.values()) {
            String description = "records left out because they could not be decoded";
            counter("serve.undecodable", description, one -> one.undecodable(topic), "topic", topic.text());
        }
        counter("serve.user.updates", "user features read", one -> one.taken(FollowedTopic.USER_FEATURES));
    }

    private void gauge(String name, String description, ToDoubleFunction<ServedState> value, String... tags) {
        Gauge.builder("millrace." + name, state, value)
                .description(description)
                .tags(tags)
                .register(registry);
    }

    private void counter(String name, String description, ToDoubleFunction<ServedState> count, String... tags) {
        FunctionCounter.builder("millrace." + name, state, count)
                .description(description)
                .tags(tags)
                .register(registry);
    }

    /** Tells of logged answers too. */
    void answers(AnswerLog log) {
        String description = "answers that were to be logged, by outcome";
        counter("serve.answers", description, one -> log.logged(), "outcome", "logged");
        counter("serve.answers", description, one -> log.dropped(), "outcome", "dropped");
    }

    /** Tells of the connections of the server too. */
    void connections(HttpSetup setup) {
        http.connections(setup);
    }

    private synchronized VectorAges ages() {
        long now = clock.millis();
        if (now >= agesUntil) {
            ages = state.engine().served().map(served -> served.index().ages()).orElse(VectorAges.NONE);
            agesUntil = now + AGES_FOR_MILLIS;
        }
        return ages;
    }

    /** Counts an answer. See {@link HttpMetrics.AnswerListener#answered}. */
    void answered(String method, String path, int status, long nanos) {
        String endpoint = endpoint(method, path);
        http.answered(endpoint, status, nanos);
        if (status == OK) {
            Optional.ofNullable(answers.get(endpoint)).ifPresent(recent -> recent.took(nanos));
        }
    }

    private static String endpoint(String method, String path) {
        return switch (path) {
            case "/v1/recall" -> method.equals("POST") ? "recall-post" : "recall";
            case "/v1/similar", "/livez", "/readyz", "/metrics" -> path.substring(path.lastIndexOf('/') + 1);
            default -> path.startsWith("/v1/items/") ? "items" : HttpMetrics.OTHER;
        };
    }

    private void recentAnswers(String endpoint, RequestTimes times, String of, double share) {
        String description = "time to answer, for answers with status 200 within the last minute";
        gauge("http.request.recent.seconds", description, one -> times.quantile(share), "endpoint", endpoint, "of", of);
    }

    private void recentFreshness(String of, ToLongFunction<Freshness.Quantiles> value) {
        String description = "freshness of the clicks that became visible within the last minute";
        ToDoubleFunction<ServedState> seconds = one -> {
            Freshness.Quantiles recent = one.freshness().recent(clock.millis());
            return recent.count() == 0 ? Double.NaN : value.applyAsLong(recent) / 1_000.0;
        };
        gauge("freshness.recent.seconds", description, seconds, "of", of);
    }

    /** Times to answer of one endpoint within the last minute. Safe for threads. */
    private static final class RequestTimes {

        private static final double MICROS_A_SECOND = Duration.ofSeconds(1).toNanos() / 1e3;

        private final RecentDurations micros = new RecentDurations();
        private final InstantSource clock;

        RequestTimes(InstantSource clock) {
            this.clock = clock;
        }

        synchronized void took(long nanos) {
            micros.add(nanos / 1_000, clock.millis());
        }

        /**
         * The time that at least this share of the answers did not exceed, seconds; NaN if there were none.
         *
         * @param share in (0, 1]
         */
        synchronized double quantile(double share) {
            DurationCounts recent = micros.recent(clock.millis());
            return recent.total() == 0 ? Double.NaN : recent.quantile(share) / MICROS_A_SECOND;
        }
    }
}
