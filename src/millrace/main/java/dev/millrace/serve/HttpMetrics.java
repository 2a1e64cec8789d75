package dev.millrace.serve;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** What every server tells of its JVM, its connections and its requests. Safe for threads. */
public final class HttpMetrics {

    /** Label of requests that ask for none of a server's endpoints. */
    public static final String OTHER = "other";

    private static final Duration[] LATENCY_EDGES = millis(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000);

    private final MeterRegistry registry;

    /** Is told of each answer of a server, once. Called on threads that must not wait. */
    public interface AnswerListener {

        /**
         * An answer is about to be sent.
         *
         * @param path decoded; empty if the request has none
         * @param nanos since the request was there whole, or since its headers were if it never was
         */
        void answered(String method, String path, int status, long nanos);
    }

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

    /**
     * Tells of each answer when the first bytes of it are to be sent, whoever has made it: a route, a guard, or whoever refuses a request
     * that no route sees. Stands before all other handlers.
     */
    static final class Answers extends Handler.Wrapper {

        /** Attribute of a request: the nanosecond at which it was there whole. */
        static final String WHOLE = "dev.millrace.whole";

        private static final String TOLD = "dev.millrace.told";

        private final AnswerListener listener;

        Answers(AnswerListener listener) {
            this.listener = listener;
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            return super.handle(request, new ToldResponse(request, response), callback);
        }

        /** Tells of the answer to a request, the first time. */
        void tell(Request request, Response response) {
            if (request.getAttribute(TOLD) != null) {
                return;
            }
            request.setAttribute(TOLD, true);
            long since = request.getAttribute(WHOLE) instanceof Long whole ? whole : request.getHeadersNanoTime();
            int status = response.getStatus() == 0 ? HttpStatus.OK_200 : response.getStatus(); // 0: nobody has set one
            listener.answered(request.getMethod(), path(request), status, System.nanoTime() - since);
        }

        private static String path(Request request) {
            return Objects.requireNonNullElse(request.getHttpURI().getCanonicalPath(), "");
        }

        /** A response that is told of. */
        private final class ToldResponse extends Response.Wrapper {

            ToldResponse(Request request, Response response) {
                super(request, response);
            }

            @Override
            public void write(boolean last, ByteBuffer part, Callback callback) {
                tell(getRequest(), this);
                super.write(last, part, callback);
            }
        }
    }
}
