package dev.millrace.serve;

import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.time.Duration;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * How a server of this package listens: limits, and errors as problems.
 *
 * @param host address to bind
 * @param port to listen on; 0 takes a free one
 * @param threads of the server, its acceptor and selector among them
 * @param maxConnections that are open at once; more wait
 * @param maxBodyBytes of a request
 * @param stopTimeout that requests have to end in when the server stops
 */
record HttpSetup(String host, int port, int threads, int maxConnections, int maxBodyBytes, Duration stopTimeout) {

    static final int SERVICE_UNAVAILABLE = 503;
    static final String JSON = "application/json";
    static final String METRICS = "text/plain; version=0.0.4; charset=utf-8";

    private static final int MIN_THREADS = 4;
    private static final int MAX_HEADER_BYTES = 8 << 10; // request line and headers
    private static final Duration IDLE = Duration.ofSeconds(30);

    void applyTo(JavalinConfig config, Json json) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.http.maxRequestSize = maxBodyBytes;
        config.jetty.threadPool = new QueuedThreadPool(threads, Math.min(MIN_THREADS, threads));
        config.jetty.addConnector(this::connector);
        config.jetty.modifyServer(server -> {
            server.setErrorHandler(new ProblemPages(json));
            server.addBean(new NetworkConnectionLimit(maxConnections, server));
            server.setStopTimeout(stopTimeout.toMillis());
        });
    }

    /** Where a server of this set-up is. */
    String url(int boundPort) {
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + boundPort;
    }

    /** HEAD is asked of the same handler: left to itself, Javalin answers it with 200 wherever GET is answered at all. */
    static void get(JavalinConfig config, String path, Handler handler) {
        config.routes.get(path, handler);
        config.routes.head(path, handler);
    }

    static void write(Context request, int status, String contentType, byte[] body) {
        request.header("Cache-Control", "no-store")
                .header("X-Content-Type-Options", "nosniff")
                .status(status)
                .contentType(contentType)
                .result(body);
    }

    private ServerConnector connector(Server server, HttpConfiguration configuration) {
        configuration.setSendServerVersion(false);
        configuration.setRequestHeaderSize(MAX_HEADER_BYTES);
        ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(configuration));
        connector.setHost(host);
        connector.setPort(port);
        connector.setIdleTimeout(IDLE.toMillis());
        return connector;
    }
}
