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
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** The metrics of the recall server, under the names that docs/api.md lists. */
final class ServeMetrics {

    private static final Duration[] FRESHNESS_EDGES = HttpMetrics.millis(
            100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1_000, 1_200, 1_500, 2_000, 3_000, 5_000,
            10_000, 20_000, 60_000, 300_000, 3_600_000);

    private static final long AGES_FOR_MILLIS = 1_000;
    private static final int OK = 200;

    private final MeterRegistry registry;
    private final HttpMetrics http;
    private final ServedState state;
    private final InstantSource clock;
    private VectorAges ages = VectorAges.NONE; // read once for all gauges of a scrape
    private long agesUntil;
    private final Map<Endpoint, RequestTimes> answers = new EnumMap<>(Endpoint.class);

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
        recentFreshness(state, clock, 50, Freshness.Quantiles::p50Millis);
        recentFreshness(state, clock, 99, Freshness.Quantiles::p99Millis);
        for (Endpoint endpoint : Endpoint.values()) {
            if (endpoint.isQuestion()) {
                RequestTimes times = new RequestTimes(clock);
                answers.put(endpoint, times);
                recentAnswers(endpoint, times, 50);
                recentAnswers(endpoint, times, 99);
            }
        }
        Gauge.builder("millrace.ready", state, one -> one.readiness().isReady() ? 1 : 0)
                .description("1 if requests are answered")
                .register(registry);
        Gauge.builder("millrace.index.items", state, ServedState::servedItems)
                .description("items in the index that answers")
                .register(registry);
        Gauge.builder("millrace.index.step", state, one -> one.engine()
                        .served()
                        .map(served -> (double) served.index().newestStep())
                        .orElse(0.0))
                .description("latest learning step among the vectors of the index that answers")
                .register(registry);
        Gauge.builder("millrace.index.age", state, one -> one.engine()
                        .served()
                        .map(served -> AnswerBody.ageSeconds(served.index().newestPublication(), clock))
                        .orElse(Double.NaN))
                .description("time since the newest vector of the index was published")
                .baseUnit("seconds")
                .register(registry);
        vectorAge("max", VectorAges::maxSteps);
        vectorAge("p99", VectorAges::p99Steps);
        vectorAge("mean", VectorAges::meanSteps);
        Gauge.builder(
                        "millrace.index.oldest.vector",
                        this,
                        one -> AnswerBody.ageSeconds(one.ages().oldestPublication(), clock))
                .description("time since the oldest vector of the index was published")
                .baseUnit("seconds")
                .register(registry);
        for (Outcome outcome : Outcome.values()) {
            FunctionCounter.builder("millrace.index.embeddings", state, one -> one.embeddings(outcome))
                    .description("item embeddings read, by outcome")
                    .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
        FunctionCounter.builder("millrace.serve.model.updates", state, one -> one.taken(FollowedTopic.MODEL_UPDATES))
                .description("entries of the query side read")
                .register(registry);
        FunctionCounter.builder("millrace.serve.model.updates.rejected", state, ServedState::rejectedModelUpdates)
                .description("entries of the query side that failed their check")
                .register(registry);
        for (FollowedTopic topic : FollowedTopic.values()) {
            FunctionCounter.builder("millrace.serve.undecodable", state, one -> one.undecodable(topic))
                    .description("records left out because they could not be decoded")
                    .tag("topic", topic.text())
                    .register(registry);
        }
        FunctionCounter.builder("millrace.serve.user.updates", state, one -> one.taken(FollowedTopic.USER_FEATURES))
                .description("user features read")
                .register(registry);
    }

    /** Tells of the connections of the server too. */
    void connections(HttpSetup setup) {
        http.connections(setup);
    }

    private void vectorAge(String of, ToDoubleFunction<VectorAges> value) {
        Gauge.builder("millrace.index.vector.age.steps", this, one -> value.applyAsDouble(one.ages()))
                .description("learning steps that the vectors of the index are behind its newest")
                .tag("of", of)
                .register(registry);
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
        Optional<Endpoint> endpoint = Endpoint.of(method, path);
        http.answered(endpoint.map(Endpoint::label).orElse(HttpMetrics.OTHER), status, nanos);
        if (status == OK) {
            endpoint.map(answers::get).ifPresent(recent -> recent.took(nanos));
        }
    }

    private void recentAnswers(Endpoint endpoint, RequestTimes times, int percentile) {
        double share = percentile / 100.0;
        Gauge.builder("millrace.http.request.recent", times, one -> one.quantile(share))
                .description("time to answer, for answers with status 200 within the last minute")
                .baseUnit("seconds")
                .tag("endpoint", endpoint.label())
                .tag("of", "p" + percentile)
                .register(registry);
    }

    private void recentFreshness(
            ServedState state, InstantSource clock, int percentile, ToLongFunction<Freshness.Quantiles> value) {
        Gauge.builder("millrace.freshness.recent", state, one -> {
                    Freshness.Quantiles recent = one.freshness().recent(clock.millis());
                    return recent.count() == 0 ? Double.NaN : value.applyAsLong(recent) / 1_000.0;
                })
                .description("the same for the clicks that became visible within the last minute")
                .baseUnit("seconds")
                .tag("of", "p" + percentile)
                .register(registry);
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
