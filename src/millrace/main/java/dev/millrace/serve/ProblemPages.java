package dev.millrace.serve;

import java.nio.ByteBuffer;
import java.util.function.BiConsumer;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** Writes as problems what Jetty refuses before any route: targets that are too long, malformed requests. */
final class ProblemPages extends ErrorHandler {

    private final BiConsumer<Request, Response> listener;

    /** @param listener told of answers that no handler has seen */
    ProblemPages(BiConsumer<Request, Response> listener) {
        this.listener = listener;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        int status = response.getStatus();
        byte[] problem = problem(status);
        HttpFields.Mutable headers = response.getHeaders();
        headers.put(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE);
        headers.put(HttpHeader.CONNECTION, "close"); // of most of these requests, nobody knows where the next begins
        boolean isCollected = Response.as(response, WholeExchanges.CollectedResponse.class) != null;
        if (!isCollected) { // Jetty adds a last write: otherwise the end of the request may overtake the callback,
            // which then fails
            headers.put(HttpHeader.CONTENT_LENGTH, problem.length);
            listener.accept(request, response);
        }
        response.write(isCollected, ByteBuffer.wrap(problem), callback);
        return true;
    }

    private static byte[] problem(int status) {
        String detail =
                switch (status) {
                    case 414 -> "the request's target is too long";
                    case 417 -> "no expectation but 100-continue is met";
                    case 426, 505 -> "HTTP/1.1 and HTTP/1.0 are spoken here";
                    case 431 -> "the request's headers are too large";
                    default -> Problem.detail(status, "the request is malformed");
                };
        return Json.bytes(Problem.of(status, detail));
    }
}
