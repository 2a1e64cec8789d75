package dev.millrace.serve;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands on whole requests and takes whole answers, so that no thread ever waits for a client.
 *
 * <p>Bodies are read and answers written as the network has them, on threads that do nothing else. Between the two, the next handler
 * answers from memory, on a thread of an executor. A request that does not arrive whole is refused here; no other handler sees it.
 */
final class WholeExchanges extends Handler.Wrapper {

    private static final Logger LOG = LoggerFactory.getLogger(WholeExchanges.class);
    private static final long SWEEP_MILLIS = 250;

    private final ClientLimits limits;
    private final OpenConnections connections;
    private final BiFunction<Request, Boolean, Executor> executors;

    /** @param executors by request and whether its body is a batch; if one rejects the request, the answer is 503 */
    WholeExchanges(ClientLimits limits, OpenConnections connections, BiFunction<Request, Boolean, Executor> executors) {
        this.limits = limits;
        this.connections = connections;
        this.executors = executors;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        new Exchange(request, response, callback).begin();
        return true;
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        sweepLater(getServer().getScheduler());
    }

    private void sweepLater(Scheduler scheduler) {
        scheduler.schedule(
                () -> {
                    try {
                        connections.endLateWaits();
                    } finally {
                        sweepLater(scheduler);
                    }
                },
                SWEEP_MILLIS,
                TimeUnit.MILLISECONDS);
    }

    /** A request on its way in, and its answer on its way out. */
    private final class Exchange {

        private final Request request;
        private final Response response;
        private final Callback callback;
        private final OpenConnections.OpenConnection connection;
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private boolean isRead;

        Exchange(Request request, Response response, Callback callback) {
            this.request = request;
            this.response = response;
            this.callback = callback;
            this.connection = connections.of(request.getConnectionMetaData().getConnection());
        }

        void begin() {
            connection.awaitBody(() -> endOfReading(this::refuseLate).ifPresent(Runnable::run));
            String encoding = request.getHeaders().get(HttpHeader.CONTENT_ENCODING);
            if (request.getLength() > limits.maxBodyBytes()) {
                refuse(413, tooLong());
            } else if (encoding != null && !encoding.toLowerCase(Locale.ROOT).equals("identity")) {
                refuse(415, "the body must not have a Content-Encoding");
            } else {
                read();
            }
        }

        private void read() {
            readAvailable().ifPresent(Runnable::run);
        }

        /** Reads what has arrived of the body. Returns what is to be done if that was the end of it. */
        private synchronized Optional<Runnable> readAvailable() {
            while (!isRead) {
                Content.Chunk chunk = request.read();
                if (chunk == null) {
                    request.demand(Invocable.from(InvocationType.NON_BLOCKING, this::read));
                    return Optional.empty();
                }
                if (Content.Chunk.isFailure(chunk)) {
                    return endOfReading(() -> refuseBroken(chunk.getFailure()));
                }
                int bytes = chunk.remaining();
                if (body.size() + bytes > limits.maxBodyBytes()) {
                    chunk.release();
                    return endOfReading(() -> refuse(413, tooLong()));
                }
                keep(chunk, bytes);
                if (chunk.isLast()) {
                    return endOfReading(this::handOver);
                }
            }
            return Optional.empty();
        }

        private void keep(Content.Chunk chunk, int bytes) {
            byte[] part = new byte[bytes];
            chunk.get(part, 0, bytes);
            chunk.release();
            body.writeBytes(part);
            connection.received(bytes);
        }

        /** Returns what is to be done, the first time. */
        private synchronized Optional<Runnable> endOfReading(Runnable then) {
            if (isRead) {
                return Optional.empty();
            }
            isRead = true;
            return Optional.of(then);
        }

        private void handOver() {
            request.setAttribute(HttpMetrics.Answers.WHOLE, System.nanoTime());
            connection.answering();
            try {
                executors.apply(request, Json.isBatch(body.toByteArray())).execute(this::answer);
            } catch (RejectedExecutionException full) {
                refuse(HttpSetup.SERVICE_UNAVAILABLE, "too many requests wait to be answered");
            }
        }

        private void answer() {
            CollectedResponse collected = new CollectedResponse(request, response);
            Callback whenAnswered = Callback.from(() -> send(collected.body()), this::failed);
            try {
                if (!getHandler().handle(new WholeRequest(request, body.toByteArray()), collected, whenAnswered)) {
                    refuse(404, Problem.detail(404, ""));
                }
            } catch (Throwable failure) { // of any kind: nobody else would end the exchange
                failed(failure);
            }
        }

        private void failed(Throwable failure) {
            LOG.error("A request failed", failure);
            response.reset();
            refuse(500, Problem.detail(500, ""));
        }

        private void refuseLate() {
            refuse(408, "the request did not arrive in time");
        }

        private void refuseBroken(Throwable failure) {
            if (failure instanceof TimeoutException) {
                refuseLate();
            } else if (failure instanceof HttpException broken) {
                refuse(broken.getCode(), "the body is malformed: " + broken.getReason());
            } else {
                refuse(400, "the body ended early");
            }
        }

        private String tooLong() {
            return "the body may have " + limits.maxBodyBytes() + " bytes";
        }

        private void refuse(int status, String detail) {
            send(HttpSetup.refuse(response, Problem.of(status, detail)));
        }

        private void send(byte[] answer) {
            if (connections.isEnding()) {
                response.getHeaders().put(HttpHeader.CONNECTION, "close");
            }
            connection.send(answer, response, callback);
        }
    }

    /** A request whose body is in memory. */
    private static final class WholeRequest extends Request.Wrapper {

        private final Content.Source body;
        private final int length;

        WholeRequest(Request request, byte[] body) {
            super(request);
            this.body = Content.Source.from(ByteBuffer.wrap(body));
            this.length = body.length;
        }

        @Override
        public long getLength() {
            return length;
        }

        @Override
        public Content.Chunk read() {
            return body.read();
        }

        @Override
        public void demand(Runnable whenThereIsMore) {
            body.demand(whenThereIsMore);
        }

        @Override
        public void fail(Throwable failure) {
            body.fail(failure);
        }

        @Override
        public boolean consumeAvailable() {
            if (length > 0) {
                body.fail(new IllegalStateException("the rest of the body is not needed"));
            }
            return true;
        }
    }

    /** A response whose body is collected in memory; nothing of it is sent. Whoever writes to it never waits. */
    static final class CollectedResponse extends Response.Wrapper {

        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private boolean isBegun;
        private boolean isWhole;

        CollectedResponse(Request request, Response response) {
            super(request, response);
        }

        byte[] body() {
            return body.toByteArray();
        }

        @Override
        public void write(boolean last, ByteBuffer part, Callback callback) {
            isBegun = true;
            isWhole = last;
            if (part != null) {
                body.writeBytes(BufferUtil.toArray(part));
                BufferUtil.clear(part);
            }
            callback.succeeded();
        }

        @Override
        public boolean isCommitted() {
            return isBegun || super.isCommitted();
        }

        @Override
        public boolean hasLastWrite() {
            return isWhole || super.hasLastWrite();
        }

        @Override
        public boolean isCompletedSuccessfully() {
            return isWhole || super.isCompletedSuccessfully();
        }
    }
}
