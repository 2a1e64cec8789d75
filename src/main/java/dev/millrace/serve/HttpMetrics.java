package dev.millrace.serve;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/** What every server tells of its JVM, its connections and its requests. Safe for threads. */
public final class HttpMetrics {

    private static final Duration[] LATENCY_EDGES = millis(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000);

    private final MeterRegistry registry;

    public HttpMetrics(MeterRegistry registry) {
        this.registry = registry;
        bindJvm(registry);
    }

    /** Tells of the JVM alone. */
    static void bindJvm(MeterRegistry registry) {
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
    }

    /** Tells of the connections of a server too. */
    public void connections(HttpSetup setup) {
        OpenConnections connections = setup.connections();
        Gauge.builder("millrace.http.connections", connections, OpenConnections::count)
                .description("connections open")
                .register(registry);
        closed("late", connections, OpenConnections::lateCount);
        closed("displaced", connections, OpenConnections::displacedCount);
    }

    /** @param endpoint label of what was asked */
    public void answered(String endpoint, int status, long nanos) {
        Timer.builder("millrace.http.request")
                .description("requests, by endpoint and status")
                .tag("endpoint", endpoint)
                .tag("status", Integer.toString(status))
                .serviceLevelObjectives(LATENCY_EDGES)
                .register(registry)
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    private void closed(String why, OpenConnections connections, ToDoubleFunction<OpenConnections> count) {
        FunctionCounter.builder("millrace.http.connections.closed", connections, count)
                .description("connections closed because the client was late, or displaced by another connection")
                .tag("why", why)
                .register(registry);
    }

    static Duration[] millis(long... edges) {
        return Arrays.stream(edges).mapToObj(Duration::ofMillis).toArray(Duration[]::new);
    }
}
