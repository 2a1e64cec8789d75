package dev.millrace.ingest;

import dev.millrace.event.RejectReason;
import dev.millrace.serve.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Thrown when a body is not taken; nothing of it was sent. */
final class RefusedBodyException extends Exception {

    /**
     * An event that would be a dead letter.
     *
     * @param place of it in the body, such as {@code clicks[3]}
     * @param line that it begins in, from 1
     * @param detail field, value and rule
     */
    record UnusableEvent(String place, int line, RejectReason reason, String detail) {

        private String text() {
            return place + ", line " + line + ": " + detail;
        }

        private Map<String, Object> members() {
            Map<String, Object> members = new LinkedHashMap<>();
            members.put("event", place);
            members.put("line", line);
            members.put("reason", reason.label());
            members.put("detail", detail);
            return members;
        }
    }

    private static final int BAD_REQUEST = 400;
    private static final int UNPROCESSABLE = 422;

    private final int status;
    private final transient List<UnusableEvent> first;
    private final transient Map<RejectReason, Integer> counts;

    private RefusedBodyException(
            int status, String detail, List<UnusableEvent> first, Map<RejectReason, Integer> counts) {
        super(detail);
        this.status = status;
        this.first = List.copyOf(first);
        this.counts = Map.copyOf(counts);
    }

    /** Of a body that is none. */
    static RefusedBodyException malformed(String detail) {
        return new RefusedBodyException(BAD_REQUEST, detail, List.of(), Map.of());
    }

    /**
     * Of a body with events that cannot be used.
     *
     * @param first of them, at least one
     * @param counts of all of them
     */
    static RefusedBodyException unusable(List<UnusableEvent> first, Map<RejectReason, Integer> counts) {
        return new RefusedBodyException(UNPROCESSABLE, first.get(0).text(), first, counts);
    }

    int status() {
        return status;
    }

    /** Events that cannot be used, by the reason that a dead letter would have. */
    Map<RejectReason, Integer> counts() {
        return counts;
    }

    /** The problem that the client gets, with a list of what is to be mended. */
    Map<String, Object> problem() {
        Map<String, Object> problem =
                Problem.of(status, String.valueOf(getMessage())).body();
        if (!first.isEmpty()) {
            List<Map<String, Object>> events = new ArrayList<>();
            first.forEach(event -> events.add(event.members()));
            problem.put(
                    "unusable",
                    counts.values().stream().mapToInt(Integer::intValue).sum());
            problem.put("events", events);
        }
        return problem;
    }
}
