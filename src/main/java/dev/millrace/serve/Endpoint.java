package dev.millrace.serve;

import java.util.Locale;

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
