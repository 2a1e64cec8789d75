package dev.millrace.serve;

import java.util.Optional;
import org.eclipse.jetty.http.HttpStatus;

/**
 * An error as clients get it (RFC 9457, {@code application/problem+json}).
 *
 * @param type {@code about:blank}, as the status is the kind of the error
 * @param title of the status
 * @param status of the response
 * @param detail what is wrong with this request
 * @param parameter of the query that is wrong, if one is
 */
public record Problem(String type, String title, int status, String detail, Optional<String> parameter) {

    public static final String CONTENT_TYPE = "application/problem+json";

    private static final String ITEMS = "/v1/items/";
    private static final String REMOVAL =
            "; to remove items, POST {\"removed_items\": [\"ID\"]} to /v1/events of millrace ingest";

    public static Problem of(int status, String detail) {
        return new Problem("about:blank", HttpStatus.getMessage(status), status, detail, Optional.empty());
    }

    static Problem ofParameter(String parameter, String detail) {
        return new Problem("about:blank", HttpStatus.getMessage(400), 400, detail, Optional.of(parameter));
    }

    /**
     * What a status says by itself, where no endpoint has said more.
     *
     * @param otherwise of a status that says nothing by itself
     */
    public static String detail(int status, String otherwise) {
        return status == 404 ? "no such path" : status >= 500 ? "the server failed" : otherwise;
    }

    /**
     * Why a request is not answered.
     *
     * @param status 404 if the path is not there, 405 if it does not take the method, or another
     * @param allowed methods that the path takes, as {@code Allow} lists them
     */
    public static Problem unanswered(int status, String method, String path, String allowed) {
        String detail = status == 405
                ? "this method is not answered here, the path takes " + allowed
                : detail(status, "the request cannot be answered");
        boolean isRemoval =
                (status == 404 || status == 405) && method.equals("DELETE") && (path + "/").startsWith(ITEMS);
        return of(status, isRemoval ? detail + REMOVAL : detail);
    }
}
