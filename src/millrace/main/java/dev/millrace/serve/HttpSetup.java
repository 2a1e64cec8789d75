package dev.millrace.serve;

import dev.millrace.access.AccessSettings;
import dev.millrace.access.HostNames;
import dev.millrace.access.PemFiles;
import dev.millrace.access.ServerKeys;
import dev.millrace.access.Tokens;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HttpResponseException;
import io.javalin.http.NotFoundResponse;
import io.javalin.util.JavalinException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.LowResourceMonitor;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a server listens: who may ask it, limits, threads, and what all of its routes have: errors as problems, and headers. */
public final class HttpSetup {

    /** A server cannot listen where it is to. The message has the setting. */
    public static final class PortTakenException extends RuntimeException {

        private PortTakenException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    static final int TOO_MANY_REQUESTS = 429;
    public static final int SERVICE_UNAVAILABLE = 503;
    private static final String RETRY_SECONDS = "1";
    public static final String JSON = "application/json";
    private static final String METRICS = "text/plain; version=0.0.4; charset=utf-8";

    /** Of every answer. */
    static final Map<String, String> HEADERS = Map.of("Cache-Control", "no-store", "X-Content-Type-Options", "nosniff");

    private static final Logger LOG = LoggerFactory.getLogger(HttpSetup.class);
    private static final int NETWORK_THREADS = 4; // an acceptor, a selector, and two that neither is held up by
    private static final int MAX_HEADER_BYTES = 8 << 10; // request line and headers
    private static final int SEND_BUFFER_BYTES =
            64 << 10; // by itself the system takes megabytes for a client that takes nothing
    private static final Duration LAST = Duration.ofSeconds(2); // of a stop: for what has not ended by itself
    private static final Duration IDLE = Duration.ofSeconds(60); // OpenConnections ends connections earlier

    private final String host;
    private final int port;
    private final HostNames hosts;
    private final Optional<ServerKeys> tls;
    private final Optional<Tokens> tokens;
    private final ClientLimits clients;
    private final Duration stopTimeout;
    private final OpenConnections connections;
    private final AnsweringThreads threads;

    /**
     * @param host address to bind
     * @param port to listen on; 0 takes a free one
     * @param clients what they may take
     * @param threads that answer single questions
     * @param stopTimeout that requests have to end in when the server stops
     * @throws dev.millrace.settings.InvalidSettingsException if the files of tokens or TLS cannot be used
     */
    public HttpSetup(
            String host, int port, AccessSettings access, ClientLimits clients, int threads, Duration stopTimeout) {
        this.host = host;
        this.port = port;
        this.hosts = access.hosts();
        this.tls = access.openKeys();
        this.tokens = access.openTokens();
        this.clients = clients;
        this.stopTimeout = stopTimeout;
        this.connections = new OpenConnections(clients, System::nanoTime);
        this.threads = new AnsweringThreads(threads, clients.maxConnections());
    }

    OpenConnections connections() {
        return connections;
    }

    AnsweringThreads threads() {
        return threads;
    }

    ClientLimits clients() {
        return clients;
    }

    /** @param allowed the methods of a path, as {@code Allow} lists them */
    public void applyTo(JavalinConfig config, UnaryOperator<String> allowed) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.http.maxRequestSize = clients.maxBodyBytes();
        config.http.prefer405over404 = true;
        config.routes.before(HttpSetup::requireNoSlashAtTheEnd);
        config.routes.exception(
                RefusedRequestException.class, (refused, request) -> problem(request, refused.problem()));
        config.routes.exception(
                HttpResponseException.class,
                (refused, request) -> unanswered(request, refused.getStatus(), allowed.apply(request.path())));
        config.routes.exception(Exception.class, (failed, request) -> {
            LOG.error("A request failed", failed);
            problem(request, Problem.of(500, Problem.detail(500, "")));
        });
        config.jetty.threadPool = new QueuedThreadPool(NETWORK_THREADS, NETWORK_THREADS);
        config.jetty.addConnector(this::connector);
        config.jetty.modifyServer(server -> {
            server.getBeans(LowResourceMonitor.class)
                    .forEach(server::removeBean); // it would take few threads for a lack
            server.insertHandler(new WholeExchanges(clients, connections, threads::of));
            server.setErrorHandler(new ProblemPages((request, response) -> {}));
            server.setStopTimeout(stopTimeout.toMillis());
        });
    }

    /** Bounds what all clients together may ask. Call it when all other handlers but the guards are in: it stands before them, and behind the guards. */
    public void limit(JavalinConfig config, RateLimit rate, RateLimit.Cost cost) {
        config.jetty.modifyServer(server -> server.insertHandler(new RateLimit.Door(rate, cost, connections)));
    }

    /** Lets in who asks by a name of the server, and has a token if there are any. Call it when all other handlers are in: the last one is before them. */
    public void guard(JavalinConfig config) {
        config.jetty.modifyServer(server -> {
            tokens.ifPresent(one -> server.insertHandler(new TokenGuard(one, tls.isPresent())));
            boolean isAnyName = tokens.isPresent() && hosts.given().isEmpty();
            server.insertHandler(new HostGuard(hosts, host, isAnyName));
        });
    }

    /** Tells of each answer. Call it when all handlers are in, the guard too: the last one is before them. */
    public void tell(JavalinConfig config, HttpMetrics.AnswerListener listener) {
        config.jetty.modifyServer(server -> {
            HttpMetrics.Answers answers = new HttpMetrics.Answers(listener);
            server.insertHandler(answers);
            server.setErrorHandler(new ProblemPages(answers::tell));
        });
    }

    /** Javalin passes a slash over, and the path of one user would answer for another: an id may have slashes, one at its end too. */
    private static void requireNoSlashAtTheEnd(Context request) {
        String path = request.path(); // as sent: an id that ends with a slash is sent with %2F
        if (path.length() > 1 && path.endsWith("/")) {
            throw new NotFoundResponse();
        }
    }

    /** Where a server of this set-up is. */
    public String url(int boundPort) {
        return (tls.isPresent() ? "https://" : "http://") + (host.contains(":") ? "[" + host + "]" : host) + ":"
                + boundPort;
    }

    /** HEAD is asked of the same handler: left to itself, Javalin answers it with 200 wherever GET is answered at all. */
    public static void get(JavalinConfig config, String path, Handler handler) {
        config.routes.get(path, handler);
        config.routes.head(path, handler);
    }

    /** Gives everything in a registry at {@code /metrics}. */
    public static void metrics(JavalinConfig config, PrometheusMeterRegistry registry) {
        get(
                config,
                "/metrics",
                request -> write(request, 200, METRICS, registry.scrape().getBytes(StandardCharsets.UTF_8)));
    }

    /** Answers with a problem whose detail is the failure's message. */
    public static <T extends Exception> void problems(JavalinConfig config, Class<T> failure, int status) {
        config.routes.exception(
                failure,
                (failed, request) -> problem(request, Problem.of(status, String.valueOf(failed.getMessage()))));
    }

    public static void json(Context request, int status, Object body) {
        write(request, status, JSON, Json.bytes(body));
    }

    /**
     * Answers at {@code /livez} and {@code /readyz}: 200 or 503.
     *
     * @param detail behind {@code isReady}
     */
    public static void health(
            JavalinConfig config,
            BooleanSupplier isAlive,
            BooleanSupplier isReady,
            Supplier<Map<String, Object>> detail) {
        get(config, "/livez", request -> health(request, "alive", isAlive.getAsBoolean(), Map.of()));
        get(config, "/readyz", request -> health(request, "ready", isReady.getAsBoolean(), detail.get()));
    }

    private static void health(Context request, String name, boolean isWell, Map<String, Object> detail) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put(name, isWell);
        detail.forEach(body::putIfAbsent);
        json(request, isWell ? 200 : SERVICE_UNAVAILABLE, body);
    }

    public static void problem(Context request, Problem problem) {
        write(request, problem.status(), Problem.CONTENT_TYPE, Json.bytes(problem));
    }

    private static void unanswered(Context request, int status, String allowed) {
        if (status == HttpStatus.METHOD_NOT_ALLOWED_405) {
            request.header("Allow", allowed);
        }
        problem(request, Problem.unanswered(status, request.req().getMethod(), request.path(), allowed));
    }

    public static void write(Context request, int status, String contentType, byte[] body) {
        HEADERS.forEach(request::header);
        if (isWorthRepeating(status)) {
            request.header("Retry-After", RETRY_SECONDS);
        }
        request.status(status).contentType(contentType).result(body);
    }

    private static boolean isWorthRepeating(int status) {
        return status == SERVICE_UNAVAILABLE || status == TOO_MANY_REQUESTS;
    }

    /**
     * Binds a port and lets it go, so that whoever will listen there fails before it begins anything.
     *
     * @param setting that says the port
     * @throws PortTakenException if it cannot be bound
     */
    public static void requireFree(String setting, String host, int port) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(host, port));
        } catch (IOException | IllegalArgumentException taken) {
            throw taken(setting, host, port, taken);
        }
    }

    private static PortTakenException taken(String setting, String host, int port, Exception why) {
        return new PortTakenException(
                setting + " = " + port + ": must be free on " + host + " (" + why.getMessage()
                        + "); choose another port, or stop who listens there",
                why);
    }

    /**
     * Begins to listen.
     *
     * @param setting that says the port
     * @throws PortTakenException if it cannot be bound
     */
    public void start(Javalin http, String setting) {
        requireFree(setting, host, port);
        try {
            http.start();
        } catch (JavalinException taken) { // by somebody who was quicker
            throw taken(setting, host, port, taken);
        }
    }

    /** Ends a server: it takes no more requests, and answers those that are here within {@code stopTimeout}. */
    public void stop(Javalin http) {
        connections.end();
        http.stop();
        threads.close();
        tokens.ifPresent(Tokens::close);
        tls.ifPresent(ServerKeys::close);
    }

    /** Begins a problem as an answer that ends the connection: of what the client sends next, nobody knows where a request begins. */
    static byte[] refuse(Response response, Problem problem) {
        response.getHeaders().put(HttpHeader.CONNECTION, "close");
        return problem(response, problem);
    }

    /** Answers with a problem, and ends the connection. Returns true, as handlers do. */
    static boolean refuse(int status, String detail, Response response, Callback callback) {
        response.write(true, ByteBuffer.wrap(refuse(response, Problem.of(status, detail))), callback);
        return true;
    }

    /** Begins a problem as an answer. Returns its body. */
    static byte[] problem(Response response, Problem problem) {
        HttpFields.Mutable headers = response.getHeaders();
        response.setStatus(problem.status());
        headers.put(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE);
        HEADERS.forEach(headers::put);
        if (isWorthRepeating(problem.status())) {
            headers.put(HttpHeader.RETRY_AFTER, RETRY_SECONDS);
        }
        return Json.bytes(problem);
    }

    /** Connections that are open keep the certificate that they began with. */
    private static ConnectionFactory tls(ServerKeys keys) {
        SslContextFactory.Server context = new SslContextFactory.Server();
        context.setKeyStorePassword(PemFiles.PASSWORD);
        keys.handTo(store -> {
            try {
                context.reload(factory -> context.setKeyStore(store));
            } catch (Exception failed) { // as Jetty declares; the certificate before goes on
                throw new IllegalStateException("the certificate cannot be used", failed);
            }
        });
        return new SslConnectionFactory(context, "http/1.1");
    }

    private ServerConnector connector(Server server, HttpConfiguration configuration) {
        configuration.setSendServerVersion(false);
        configuration.setRequestHeaderSize(MAX_HEADER_BYTES);
        if (tls.isPresent()) {
            // any name will do: a kubelet and Prometheus ask a pod by its address, which no certificate has, and
            // clients check it themselves
            configuration.addCustomizer(new SecureRequestCustomizer(false));
        }
        Stream<ConnectionFactory> layers =
                Stream.concat(tls.stream().map(HttpSetup::tls), Stream.of(new HttpConnectionFactory(configuration)));
        ServerConnector connector = new ServerConnector(server, 1, 1, layers.toArray(ConnectionFactory[]::new));
        connector.setHost(host);
        connector.setPort(port);
        connector.setIdleTimeout(IDLE.toMillis());
        connector.setShutdownIdleTimeout( // by itself, a second: a request may take longer
                Math.max(LAST.toMillis(), stopTimeout.minus(LAST).toMillis()));
        connector.setAcceptQueueSize(clients.maxConnections());
        connector.setAcceptedSendBufferSize(SEND_BUFFER_BYTES);
        connector.addBean(connections);
        return connector;
    }
}
