package dev.millrace.serve;

import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HttpResponseException;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** The trainer's HTTP face: health and metrics. */
public final class TrainServer implements AutoCloseable {

    /** The trainer, as it is now. Safe for threads. */
    public interface Health {

        /** No application has failed: a new start may help one that has. */
        boolean isAlive();

        /** Records are being processed. */
        boolean isReady();

        /** What {@link #isReady} rests on, by name. */
        Map<String, Object> detail();
    }

    private static final int THREADS = 4;
    private static final int MAX_CONNECTIONS = 64;
    private static final int IDLE_MILLIS = 30_000;
    private static final int SERVICE_UNAVAILABLE = 503;

    private final TrainServerSettings settings;
    private final Health health;
    private final PrometheusMeterRegistry registry;
    private final Json json = new Json();
    private final Javalin http;

    /** @param registry whose metrics {@code /metrics} gives; takes those of the JVM */
    public TrainServer(TrainServerSettings settings, Health health, PrometheusMeterRegistry registry) {
        this.settings = settings;
        this.health = health;
        this.registry = registry;
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        this.http = Javalin.create(this::configure);
    }

    public TrainServer start() {
        http.start();
        return this;
    }

    /** Where it listens. */
    public String url() {
        String host = settings.host().contains(":") ? "[" + settings.host() + "]" : settings.host();
        return "http://" + host + ":" + http.port();
    }

    @Override
    public void close() {
        http.stop();
    }

    private void configure(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.http.maxRequestSize = 0;
        config.jetty.threadPool = new QueuedThreadPool(THREADS, THREADS);
        config.jetty.addConnector(this::connector);
        config.jetty.modifyServer(server -> {
            server.setErrorHandler(new ProblemPages(json));
            server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, server));
        });
        get(config, "/livez", request -> {
            boolean isAlive = health.isAlive();
            answer(request, isAlive, Map.of("alive", isAlive));
        });
        get(config, "/readyz", request -> {
            boolean isReady = health.isReady();
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("ready", isReady);
            body.putAll(health.detail());
            answer(request, isReady, body);
        });
        get(
                config,
                "/metrics",
                request -> write(
                        request,
                        200,
                        "text/plain; version=0.0.4; charset=utf-8",
                        registry.scrape().getBytes(StandardCharsets.UTF_8)));
        config.routes.exception(
                HttpResponseException.class, (refused, request) -> problem(request, refused.getStatus()));
    }

    /** As {@link RecallServer} has it. */
    private static void get(JavalinConfig config, String path, Handler handler) {
        config.routes.get(path, handler);
        config.routes.head(path, handler);
    }

    private ServerConnector connector(Server server, HttpConfiguration configuration) {
        configuration.setSendServerVersion(false);
        ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(configuration));
        connector.setHost(settings.host());
        connector.setPort(settings.port());
        connector.setIdleTimeout(IDLE_MILLIS);
        return connector;
    }

    private void answer(Context request, boolean isWell, Map<String, Object> body) {
        write(request, isWell ? 200 : SERVICE_UNAVAILABLE, "application/json", json.bytes(body));
    }

    private void problem(Context request, int status) {
        String detail = status == 404 ? "no such path" : "the request cannot be answered";
        write(
                request,
                status,
                Problem.CONTENT_TYPE,
                json.bytes(Problem.of(status, detail).body()));
    }

    private static void write(Context request, int status, String contentType, byte[] body) {
        request.header("Cache-Control", "no-store")
                .header("X-Content-Type-Options", "nosniff")
                .status(status)
                .contentType(contentType)
                .result(body);
    }
}
