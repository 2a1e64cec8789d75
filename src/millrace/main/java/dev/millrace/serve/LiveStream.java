package dev.millrace.serve;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
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
 * before gets the latest one when it has, and one that takes nothing for {@link #PATIENCE} is closed. A listener whose token is revoked gets
 * no further event.
 *
 * <p>There are few listeners. The next one takes the place of the oldest of the client that has most, if that client still has as many as the
 * next one's. So no client shuts others out. Otherwise it goes on to the route of the path, which refuses it. A client is the bearer of a token,
 * or without tokens an address: behind a proxy all are one.
 */
final class LiveStream extends Handler.Wrapper {

    static final String PATH = "/v1/live";

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int LISTENERS_SHARE = 32; // of the connections

    private final OpenConnections connections;
    private final LongSupplier nanoTime;
    private final int maxListeners;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>(); // the oldest first

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
        if (!isForThis) {
            return super.handle(request, response, callback);
        }
        Listener listener = new Listener(
                request,
                response,
                callback,
                request.getConnectionMetaData().getConnection().getEndPoint());
        if (!isLetIn(listener)) {
            return super.handle(request, response, callback);
        }
        HttpSetup.HEADERS.forEach(response.getHeaders()::put);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream");
        connections.of(request.getConnectionMetaData().getConnection()).answering();
        listener.write(ByteBuffer.wrap("retry: 2000\n\n".getBytes(StandardCharsets.US_ASCII)));
        return true;
    }

    /** Makes room for a listener, if it must and can. Returns false if there is none. */
    private synchronized boolean isLetIn(Listener newcomer) {
        if (listeners.size() >= maxListeners) {
            Map<Object, List<Listener>> byClient =
                    listeners.stream().collect(Collectors.groupingBy(each -> each.client));
            int own = byClient.getOrDefault(newcomer.client, List.of()).size();
            Optional<List<Listener>> most = byClient.values().stream()
                    .filter(of -> of.size() > own + 1)
                    .max(Comparator.comparingInt(List::size));
            most.ifPresent(of -> of.get(0).end(true));
        }
        return listeners.size() < maxListeners && listeners.add(newcomer);
    }

    /** Sends the state to all who listen; it is not asked for if nobody does. */
    void send(Supplier<Map<String, Object>> state) {
        if (listeners.isEmpty()) {
            return;
        }
        byte[] text = Json.bytes(state.get());
        ByteBuffer event = ByteBuffer.allocate(text.length + 8);
        event.put("data: ".getBytes(StandardCharsets.US_ASCII))
                .put(text)
                .put("\n\n".getBytes(StandardCharsets.US_ASCII))
                .flip();
        for (Listener listener : listeners) {
            if (listener.isKnown.getAsBoolean()) {
                listener.send(event.duplicate());
            } else {
                listener.end(true);
            }
        }
    }

    /** Ends all streams. */
    void end() {
        listeners.forEach(listener -> listener.end(false));
    }

    /** Whoever listens, and the event that is on its way to it. */
    private final class Listener {

        private final Object client;
        private final BooleanSupplier isKnown;
        private final Response response;
        private final Callback callback;
        private final EndPoint endPoint;
        private boolean isSending = true; // until the head of the answer has gone
        private long sendingSince = nanoTime.getAsLong();
        /** The latest event that came while another was on its way. */
        private Optional<ByteBuffer> next = Optional.empty();

        private boolean isEnding;

        Listener(Request request, Response response, Callback callback, EndPoint endPoint) {
            this.client =
                    Objects.requireNonNullElse(request.getAttribute(TokenGuard.BEARER), Request.getRemoteAddr(request));
            this.isKnown =
                    request.getAttribute(TokenGuard.STILL_KNOWN) instanceof BooleanSupplier known ? known : () -> true;
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

        /** @param isAtOnce false to let an event that is on its way arrive; the end of the server bounds how long that takes */
        void end(boolean isAtOnce) {
            if (listeners.remove(this)) {
                synchronized (this) {
                    isEnding = true;
                    if (isSending && isAtOnce) {
                        endPoint.close(new TimeoutException("the listener had to go"));
                    }
                    if (isSending) {
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
