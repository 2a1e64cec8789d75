package dev.millrace.serve;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What the recall server can be asked, as its metrics tell it apart. */
enum Endpoint {
    RECALL("/v1/recall", true),
    RECALL_POST("/v1/recall", true),
    SIMILAR("/v1/similar", true),
    ITEMS("/v1/items/<item>", true),
    LIVEZ("/livez", false),
    READYZ("/readyz", false),
    METRICS("/metrics", false);

    private final String path;
    private final boolean isQuestion;

    Endpoint(String path, boolean isQuestion) {
        this.path = path;
        this.isQuestion = isQuestion;
    }

    /**
     * What a request asks; absent if it is none of these.
     *
     * @param asked its path, decoded
     */
    static Optional<Endpoint> of(String method, String asked) {
        if (asked.equals(RECALL.path)) {
            return Optional.of(method.equals("POST") ? RECALL_POST : RECALL);
        }
        return Arrays.stream(values()).filter(each -> each.isAt(asked)).findFirst();
    }

    private boolean isAt(String asked) {
        int parameter = path.indexOf('<');
        return parameter < 0 ? asked.equals(path) : asked.startsWith(path.substring(0, parameter));
    }

    String path() {
        return path;
    }

    /** Whether the times of its answers within the last minute are told. */
    boolean isQuestion() {
        return isQuestion;
    }

    /** Its value in the labels of metrics. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
