package dev.millrace.serve;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * The connections of a server, and how long each has kept it waiting. Safe for threads.
 *
 * <p>A connection waits for its client most of the time: for the next request, for the rest of a body, for an answer to be taken. Every
 * such wait has an end, however busy the client keeps the connection meanwhile; {@link #endLateWaits} is called often and ends those
 * that are over. If there are more connections, or more bytes in memory for them, than allowed, one is closed: the one that has waited
 * longest amid a request or an answer; if there is none, the one that has waited longest for a request. So a client that is slow makes
 * room for one that is not. A connection whose request is being answered does not wait, and is never closed.
 */
final class OpenConnections implements Connection.Listener {

    /** For the next request, its headers included. */
    private static final Duration IDLE = Duration.ofSeconds(30);

    /** For a body or an answer of any size, before its rate counts. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    /** Whoever has waited less is closed last: a request that is on its way takes no longer. */
    private static final Duration FRESH = Duration.ofSeconds(1);

    private static final double NANOS_A_SECOND = 1e9;

    private final ClientLimits limits;
    private final LongSupplier nanoTime;
    private final Map<Connection, OpenConnection> open = new ConcurrentHashMap<>();
    private final AtomicLong heldBytes = new AtomicLong();
    private final LongAdder late = new LongAdder();
    private final LongAdder displaced = new LongAdder();
    private volatile boolean isEnding;

    /** @param nanoTime a clock that never goes back */
    OpenConnections(ClientLimits limits, LongSupplier nanoTime) {
        this.limits = limits;
        this.nanoTime = nanoTime;
    }

    @Override
    public void onOpened(Connection connection) {
        if (connection instanceof SslConnection) { // another one, which is counted, is within it
            return;
        }
        OpenConnection newcomer = new OpenConnection(connection);
        open.put(connection, newcomer);
        while (open.size() > limits.maxConnections() && displaceFor(newcomer)) {
            displaced.increment();
        }
    }

    @Override
    public void onClosed(Connection connection) {
        Optional.ofNullable(open.remove(connection)).ifPresent(OpenConnection::gone);
    }

    /** The connection that a request came by. */
    OpenConnection of(Connection connection) {
        return Optional.ofNullable(open.get(connection)).orElseGet(() -> {
            OpenConnection closed = new OpenConnection(connection);
            closed.gone();
            return closed;
        });
    }

    /** From now on no connection may wait for a next request: the server ends. */
    void end() {
        isEnding = true;
    }

    /** Whether an answer is the last one of its connection. */
    boolean isEnding() {
        return isEnding;
    }

    /** Ends the waits that are over. */
    void endLateWaits() {
        long now = nanoTime.getAsLong();
        for (OpenConnection each : open.values()) {
            if (isEnding) {
                each.closeIfIdle();
            }
            each.lateAt(now).ifPresent(end -> {
                late.increment();
                end.run();
            });
        }
    }

    int count() {
        return open.size();
    }

    /** Bytes of bodies and answers on their way. */
    long heldBytes() {
        return heldBytes.get();
    }

    /** Connections closed, or requests refused, because their clients took too long. */
    long lateCount() {
        return late.sum();
    }

    /** Connections closed to make room for others. */
    long displacedCount() {
        return displaced.sum();
    }

    /** Another may begin to wait anew just now, and would seem to have waited less. */
    private boolean displaceFor(OpenConnection newcomer) {
        return displaceOne(other -> !other.equals(newcomer)) || displaceOne(any -> true);
    }

    /** Closes a connection of those that wait and may be chosen. Returns false if there is none. */
    private boolean displaceOne(Predicate<OpenConnection> mayBe) {
        long now = nanoTime.getAsLong();
        Optional<OpenConnection> longest = open.values().stream()
                .filter(each -> each.isWaiting() && mayBe.test(each))
                .max(Comparator.comparing((OpenConnection each) -> each.patience(now))
                        .thenComparingLong(each -> each.waitedNanos(now)));
        longest.ifPresent(OpenConnection::close);
        return longest.isPresent();
    }

    private void holds(long more) {
        heldBytes.addAndGet(more);
        while (heldBytes.get() > limits.maxHeldBytes() && displaceOne(OpenConnection::holdsBytes)) {
            displaced.increment();
        }
    }

    /** What a wait may be, from the last that is ended for others to the first. */
    private enum Patience {
        FRESH,
        IDLE,
        AMID
    }

    /** One connection, and what it waits for now. */
    final class OpenConnection {

        private final Connection connection;
        private long since;
        private long until;
        private long bytesIn; // when the wait began
        private long held;
        private boolean isGone;
        private boolean isWaiting;
        private boolean isBodyAwaited;
        private Runnable onLate;

        private OpenConnection(Connection connection) {
            this.connection = connection;
            this.onLate = this::close;
            waitFor(IDLE.toNanos());
        }

        /**
         * The head of a request has arrived; its body is awaited.
         *
         * @param onLate called once if it does not arrive in time
         */
        synchronized void awaitBody(Runnable onLate) {
            this.onLate = onLate;
            isBodyAwaited = true;
            waitFor(nanosFor(0));
        }

        /** A part of the body has arrived, and is kept. */
        void received(int bytes) {
            long more;
            synchronized (this) {
                more = hold(held + bytes);
                until = since + nanosFor(held);
            }
            holds(more);
        }

        /** The request is whole. Its client owes nothing until it is answered. */
        synchronized void answering() {
            isWaiting = false;
        }

        /** Sends an answer. That the client takes it is awaited, and then the next request. */
        void send(byte[] answer, Response response, Callback callback) {
            awaitTaking(answer.length);
            Callback whenTaken = Callback.from(
                    () -> {
                        answered();
                        callback.succeeded();
                    },
                    callback::failed);
            response.write(true, ByteBuffer.wrap(answer), whenTaken);
        }

        /** An answer of so many bytes is ready; that the client takes it is awaited. */
        void awaitTaking(int bytes) {
            long more;
            synchronized (this) {
                more = hold(bytes);
                onLate = this::close;
                waitFor(nanosFor(bytes));
            }
            holds(more);
        }

        /** The answer has been taken; the next request is awaited. */
        synchronized void answered() {
            heldBytes.addAndGet(hold(0));
            onLate = this::close;
            isBodyAwaited = false;
            waitFor(IDLE.toNanos());
        }

        private synchronized void gone() {
            heldBytes.addAndGet(hold(0));
            isGone = true;
        }

        /** Returns by how much that is more than before. */
        private long hold(long bytes) {
            long before = held;
            held = isGone ? 0 : bytes; // nothing is awaited of a connection that is closed
            return held - before;
        }

        private synchronized Optional<Runnable> lateAt(long now) {
            if (!isWaiting || now - until < 0) {
                return Optional.empty();
            }
            isWaiting = false;
            return Optional.of(onLate);
        }

        private void closeIfIdle() {
            if (isIdle()) {
                close();
            }
        }

        private synchronized boolean isIdle() {
            return isWaiting && !isAmid();
        }

        /** Whether a request or an answer is on its way. */
        private boolean isAmid() {
            return held > 0 || isBodyAwaited || connection.getBytesIn() > bytesIn;
        }

        private synchronized boolean isWaiting() {
            return isWaiting;
        }

        private synchronized boolean holdsBytes() {
            return held > 0;
        }

        /** How little patience it deserves. */
        private synchronized Patience patience(long now) {
            return waitedNanos(now) < FRESH.toNanos() ? Patience.FRESH : isAmid() ? Patience.AMID : Patience.IDLE;
        }

        private synchronized long waitedNanos(long now) {
            return now - since;
        }

        private void close() {
            synchronized (this) {
                isWaiting = false;
            }
            onClosed(connection);
            connection.getEndPoint().close(new TimeoutException("the client was too slow"));
        }

        private void waitFor(long nanos) {
            isWaiting = true;
            since = nanoTime.getAsLong();
            until = since + nanos;
            bytesIn = connection.getBytesIn();
        }

        /** The time that so many bytes may take on their way. */
        private long nanosFor(long bytes) {
            double atLeastRate = bytes * NANOS_A_SECOND / limits.minBytesPerSecond();
            return Math.min(limits.requestTimeout().toNanos(), GRACE.toNanos() + (long) atLeastRate);
        }
    }
}
