package dev.millrace.serve;

import dev.millrace.access.AccessSettings;
import dev.millrace.stream.TopologyShape;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Health and metrics of Streams applications over HTTP: of a trainer, or of what maps topics. */
public final class TrainServer implements AutoCloseable {

    private static final String ALLOWED = "GET, HEAD"; // on every path

    /** The health of the applications at this moment. Safe for threads. */
    public interface Health {

        /** Returns true if no application has failed. If one has, a new start may help. */
        boolean isAlive();

        /** Returns true if records are being processed. */
        boolean isReady();

        /** The facts behind {@link #isReady}, by name. */
        Map<String, Object> detail();
    }

    private static final int THREADS = 1; // of what is not health
    private static final int MAX_CONNECTIONS = 64;

    private final HttpSetup setup;
    private final String portKey;
    private final Health health;
    private final TopologyShape topology;
    private final PrometheusMeterRegistry registry;
    private final Javalin http;

    /**
     * @param topology of the applications, which {@code /topology} gives
     * @param registry for the metrics of the JVM; {@code /metrics} gives everything in it
     */
    public TrainServer(
            TrainServerSettings settings, Health health, TopologyShape topology, PrometheusMeterRegistry registry) {
        this.setup = new HttpSetup(
                settings.host(),
                settings.port(),
                new AccessSettings(settings.prefix(), Optional.empty(), Optional.empty(), settings.hosts()),
                ClientLimits.ofHealth(MAX_CONNECTIONS),
                THREADS,
                Duration.ZERO);
        this.portKey = settings.prefix() + "port";
        this.health = health;
        this.topology = topology;
        this.registry = registry;
        HttpMetrics.bindJvm(registry);
        this.http = Javalin.create(this::configure);
    }

    /** @throws HttpSetup.PortTakenException if the port cannot be bound */
    public TrainServer start() {
        setup.start(http, portKey);
        return this;
    }

    /** The address of the server. */
    public String url() {
        return setup.url(http.port());
    }

    @Override
    public void close() {
        setup.stop(http);
    }

    private void configure(JavalinConfig config) {
        setup.applyTo(config, path -> ALLOWED);
        HttpSetup.health(config, health::isAlive, health::isReady, health::detail);
        HttpSetup.get(config, "/topology", request -> HttpSetup.json(request, 200, topology));
        HttpSetup.metrics(config, registry);
        setup.guard(config);
    }
}
