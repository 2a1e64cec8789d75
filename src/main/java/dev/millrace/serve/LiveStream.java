package dev.millrace.serve;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/**
 * The live state of the page, as server-sent events: one JSON text a second, the same for all listeners.
 *
 * <p>It stands before {@link WholeExchanges}, as its answers have no end. No thread waits for a listener: one that has not taken the event
 * before gets the latest one when it has, and one that takes nothing for {@link #PATIENCE} is closed. There are few listeners; the next one
 * goes on to the route of the path, which refuses it.
 */
final class LiveStream extends Handler.Wrapper {

    static final String PATH = "/v1/live";

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int LISTENERS_SHARE = 32; // of the connections

    private final OpenConnections connections;
    private final LongSupplier nanoTime;
    private final int maxListeners;
    private final Json json = new Json();
    private final Set<Listener> listeners = ConcurrentHashMap.newKeySet();

    /** @param nanoTime a clock that never goes back */
    LiveStream(ClientLimits limits, OpenConnections connections, LongSupplier nanoTime) {
        this.connections = connections;
        this.nanoTime = nanoTime;
        this.maxListeners = limits.maxConnections() / LISTENERS_SHARE;
    }

    /** Listeners that are let in at once; none if there are few connections. */
    int maxListeners() {
        return maxListeners;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        boolean isForThis = PATH.equals(request.getHttpURI().getPath()) && "GET".equals(request.getMethod());
        if (!isForThis || listeners.size() >= maxListeners) {
            return super.handle(request, response, callback);
        }
        HttpSetup.HEADERS.forEach(response.getHeaders()::put);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream");
        connections.of(request.getConnectionMetaData().getConnection()).answering();
        Listener listener = new Listener(
                response,
                callback,
                request.getConnectionMetaData().getConnection().getEndPoint());
        listeners.add(listener);
        listener.send(ByteBuffer.wrap("retry: 2000\n\n".getBytes(StandardCharsets.US_ASCII)));
        return true;
    }

    /** Sends the state to all who listen; it is not asked for if nobody does. */
    void send(Supplier<Map<String, Object>> state) {
        if (listeners.isEmpty()) {
            return;
        }
        byte[] text = json.bytes(state.get());
        ByteBuffer event = ByteBuffer.allocate(text.length + 8);
        event.put("data: ".getBytes(StandardCharsets.US_ASCII))
                .put(text)
                .put("\n\n".getBytes(StandardCharsets.US_ASCII))
                .flip();
        listeners.forEach(listener -> listener.send(event.duplicate()));
    }

    /** Ends all streams. */
    void end() {
        listeners.forEach(Listener::end);
    }

    /** Whoever listens, and the event that is on its way to it. */
    private final class Listener {

        private final Response response;
        private final Callback callback;
        private final EndPoint endPoint;
        private boolean isSending;
        private long sendingSince;
        /** The latest event that came while another was on its way. */
        private Optional<ByteBuffer> next = Optional.empty();

        private boolean isEnding;

        Listener(Response response, Callback callback, EndPoint endPoint) {
            this.response = response;
            this.callback = callback;
            this.endPoint = endPoint;
        }

        void send(ByteBuffer event) {
            long now = nanoTime.getAsLong();
            synchronized (this) {
                if (isSending) {
                    next = Optional.of(event);
                    if (now - sendingSince > PATIENCE.toNanos()) {
                        endPoint.close(new TimeoutException("the listener was too slow"));
                    }
                    return;
                }
                isSending = true;
                sendingSince = now;
            }
            write(event);
        }

        private void write(ByteBuffer event) {
            response.write(false, event, Callback.from(this::sent, this::gone));
        }

        void end() {
            if (listeners.remove(this)) {
                synchronized (this) {
                    isEnding = true;
                    if (isSending) { // it ends behind the event, or with the server
                        return;
                    }
                    isSending = true;
                }
                writeEnd();
            }
        }

        private void writeEnd() {
            response.write(true, BufferUtil.EMPTY_BUFFER, callback);
        }

        private void sent() {
            Optional<ByteBuffer> following;
            boolean isLast;
            synchronized (this) {
                following = next;
                next = Optional.empty();
                isLast = isEnding;
                isSending = isLast || following.isPresent();
                sendingSince = nanoTime.getAsLong();
            }
            if (isLast) {
                writeEnd();
            } else {
                following.ifPresent(this::write);
            }
        }

        private void gone(Throwable why) {
            listeners.remove(this);
            callback.failed(why);
        }
    }
}
