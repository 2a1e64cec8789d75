package dev.millrace.serve;

import dev.millrace.index.ItemIndex;
import dev.millrace.index.SearchListener;
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
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** What the recall server counts and measures, under the names that docs/api.md lists. */
final class ServeMetrics {

    private static final Duration[] LATENCY_EDGES = millis(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000);
    private static final Duration[] FRESHNESS_EDGES = millis(
            100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1_000, 1_200, 1_500, 2_000, 3_000, 5_000,
            10_000, 20_000, 60_000, 300_000, 3_600_000);

    private static final long AGES_FOR_MILLIS = 1_000;
    private static final int OK = 200;

    private final MeterRegistry registry;
    private final ServedState state;
    private final InstantSource clock;
    private VectorAges ages = VectorAges.NONE; // looked at once for all that a scrape asks of it
    private long agesUntil;
    private final Map<Endpoint, RequestTimes> answers = new EnumMap<>(Endpoint.class);

    ServeMetrics(MeterRegistry registry, ServedState state, InstantSource clock) {
        this.registry = registry;
        this.state = state;
        this.clock = clock;
        JvmMetrics.bindTo(registry);
        Timer freshness = Timer.builder("millrace.freshness")
                .description("from a click being sent to a vector that learnt from it answering")
                .serviceLevelObjectives(FRESHNESS_EDGES)
                .register(registry);
        state.listenTo(took -> freshness.record(took, TimeUnit.MILLISECONDS));
        recentFreshness(state, clock, "0.5", Freshness.Quantiles::p50Millis);
        recentFreshness(state, clock, "0.99", Freshness.Quantiles::p99Millis);
        for (Endpoint endpoint : Endpoint.values()) {
            if (endpoint.isQuestion()) {
                RequestTimes times = new RequestTimes(clock);
                answers.put(endpoint, times);
                recentAnswers(endpoint, times, "0.5");
                recentAnswers(endpoint, times, "0.99");
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
                        .map(served -> Age.seconds(served.index().newestPublication(), clock))
                        .orElse(Double.NaN))
                .description("since the newest vector in the index was published")
                .baseUnit("seconds")
                .register(registry);
        vectorAge("max", VectorAges::maxSteps);
        vectorAge("p99", VectorAges::p99Steps);
        vectorAge("mean", VectorAges::meanSteps);
        Gauge.builder(
                        "millrace.index.oldest.vector",
                        this,
                        one -> Age.seconds(one.ages().oldestPublication(), clock))
                .description("since the oldest vector in the index was published")
                .baseUnit("seconds")
                .register(registry);
        graphs(state.graphs());
        for (Outcome outcome : Outcome.values()) {
            FunctionCounter.builder("millrace.index.embeddings", state, one -> one.embeddings(outcome))
                    .description("item embeddings read, by what became of them")
                    .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
        FunctionCounter.builder("millrace.serve.model.updates", state, ServedState::modelUpdates)
                .description("entries of the query side read")
                .register(registry);
        FunctionCounter.builder("millrace.serve.model.updates.rejected", state, ServedState::rejectedModelUpdates)
                .description("entries of the query side that could not be used")
                .register(registry);
        FunctionCounter.builder("millrace.serve.user.updates", state, ServedState::userUpdates)
                .description("user features read")
                .register(registry);
    }

    private void graphs(ItemGraphs graphs) {
        Gauge.builder("millrace.index.graph.items", state, one -> served(one, ItemIndex::graphItems))
                .description("items of the graph that searches use; 0 without one")
                .register(registry);
        Gauge.builder("millrace.index.graph.changed.items", state, one -> served(one, ItemIndex::changedItems))
                .description("items searched exactly beside the graph")
                .register(registry);
        FunctionCounter.builder("millrace.index.graph.builds", graphs, ItemGraphs::builds)
                .description("graphs finished")
                .register(registry);
        Gauge.builder("millrace.index.graph.build", graphs, ItemGraphs::lastBuildSeconds)
                .description("how long the latest graph took to build")
                .baseUnit("seconds")
                .register(registry);
        GraphRecall recall = graphs.recall();
        for (SearchListener.Means means : SearchListener.Means.values()) {
            FunctionCounter.builder("millrace.index.searches", recall, one -> one.answers(means))
                    .description("searches, by what answered them")
                    .tag("by", means.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
        Gauge.builder("millrace.index.recall", recall, GraphRecall::recall)
                .description("share of the exact answers that the graph found, over the latest that were repeated")
                .register(registry);
        repetitions(recall, "compared", GraphRecall::compared);
        repetitions(recall, "dropped", GraphRecall::dropped);
    }

    private void repetitions(GraphRecall recall, String outcome, ToDoubleFunction<GraphRecall> count) {
        FunctionCounter.builder("millrace.index.recall.samples", recall, count)
                .description("answers by a graph that were to be repeated exactly")
                .tag("outcome", outcome)
                .register(registry);
    }

    private static double served(ServedState state, ToDoubleFunction<ItemIndex> value) {
        return state.engine()
                .served()
                .map(served -> value.applyAsDouble(served.index()))
                .orElse(0.0);
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

    void answered(Endpoint endpoint, int status, long nanos) {
        Timer.builder("millrace.http.request")
                .description("requests, by endpoint and status")
                .tag("endpoint", endpoint.label())
                .tag("status", Integer.toString(status))
                .serviceLevelObjectives(LATENCY_EDGES)
                .register(registry)
                .record(nanos, TimeUnit.NANOSECONDS);
        RequestTimes recent = answers.get(endpoint);
        if (recent != null && status == OK) {
            recent.took(nanos);
        }
    }

    private void recentAnswers(Endpoint endpoint, RequestTimes times, String quantile) {
        double share = Double.parseDouble(quantile);
        Gauge.builder("millrace.http.request.recent", times, one -> one.quantile(share))
                .description("time to answer, of the requests that were answered with 200 within the last minute")
                .baseUnit("seconds")
                .tag("endpoint", endpoint.label())
                .tag("quantile", quantile)
                .register(registry);
    }

    private void recentFreshness(
            ServedState state, InstantSource clock, String quantile, ToLongFunction<Freshness.Quantiles> value) {
        Gauge.builder("millrace.freshness.recent", state, one -> {
                    Freshness.Quantiles recent = one.freshness().recent(clock.millis());
                    return recent.count() == 0 ? Double.NaN : value.applyAsLong(recent) / 1_000.0;
                })
                .description("freshness of the clicks that became visible within the last minute")
                .baseUnit("seconds")
                .tag("quantile", quantile)
                .register(registry);
    }

    private static Duration[] millis(long... edges) {
        Duration[] durations = new Duration[edges.length];
        for (int at = 0; at < edges.length; at++) {
            durations[at] = Duration.ofMillis(edges[at]);
        }
        return durations;
    }
}
