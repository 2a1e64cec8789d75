package dev.millrace.serve;

import java.util.Objects;
import java.util.function.LongSupplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * A token bucket: admits what costs so many units a second, and as much as of one second at once. Safe for any number of threads.
 *
 * <p>{@link Door} charges each request before its body is read. What is in the body is charged by the route that reads it, with {@link #admitsAll}.
 */
public final class RateLimit {

    private static final double NANOS_A_SECOND = 1e9;

    private final int perSecond;
    private final String unit;
    private final LongSupplier nanoTime;
    private double tokens;
    private long filledAt;

    /** What a request costs before its body is read. */
    public interface Cost {

        /** @param path decoded; empty if the request has none */
        double of(String method, String path);
    }

    /**
     * @param perSecond 0 for no limit
     * @param unit of the limit as a refusal names it, with its setting
     * @param nanoTime a clock that never goes back
     */
    public RateLimit(int perSecond, String unit, LongSupplier nanoTime) {
        this.perSecond = perSecond;
        this.unit = unit;
        this.nanoTime = nanoTime;
        this.tokens = perSecond;
        this.filledAt = nanoTime.getAsLong();
    }

    /**
     * Returns true if what costs so much may be answered now.
     *
     * <p>If the bucket is full, more than of one second is admitted at once. What comes after it waits for the bucket to fill again.
     */
    public boolean admits(double cost) {
        return admits(cost, perSecond);
    }

    /** Returns true if a request that was admitted with one unit may have all of its units. */
    public boolean admitsAll(int units) {
        return admits(Math.max(0, units - 1), perSecond - 1);
    }

    private synchronized boolean admits(double cost, int full) {
        if (perSecond == 0) {
            return true;
        }
        long now = nanoTime.getAsLong();
        tokens = Math.min(perSecond, tokens + (now - filledAt) / NANOS_A_SECOND * perSecond);
        filledAt = now;
        if (tokens < Math.min(cost, full)) {
            return false;
        }
        tokens -= cost;
        return true;
    }

    /** What is said to whoever is not admitted. */
    public Problem problem() {
        return Problem.of(HttpSetup.TOO_MANY_REQUESTS, "more than " + perSecond + " " + unit);
    }

    /** Refuses what is not admitted, before all routes; probes cost nothing. */
    static final class Door extends Handler.Wrapper {

        private final RateLimit rate;
        private final Cost cost;
        private final OpenConnections connections;

        Door(RateLimit rate, Cost cost, OpenConnections connections) {
            this.rate = rate;
            this.cost = cost;
            this.connections = connections;
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            String path = Objects.requireNonNullElse(request.getHttpURI().getCanonicalPath(), "");
            if (HostGuard.isProbe(request) || rate.admits(cost.of(request.getMethod(), path))) {
                return super.handle(request, response, callback);
            }
            byte[] problem = HttpSetup.problem(response, rate.problem());
            if (!request.consumeAvailable()) { // or a client would connect anew after each refusal
                response.getHeaders().put(HttpHeader.CONNECTION, "close");
            }
            connections.of(request.getConnectionMetaData().getConnection()).send(problem, response, callback);
            return true;
        }
    }
}
