package dev.millrace.ingest;

import dev.millrace.event.RejectReason;
import dev.millrace.serve.Problem;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Thrown when a body is not taken; nothing of it was sent. */
final class RefusedBodyException extends Exception {

    /**
     * An event that would be a dead letter.
     *
     * @param event its place in the body, such as {@code clicks[3]}
     * @param line that it begins in, from 1
     * @param detail field, value and rule
     */
    record UnusableEvent(String event, int line, String reason, String detail) {}

    /**
     * The problem that the client gets.
     *
     * @param unusable number of events that cannot be used, if the body is well formed
     * @param events the first of them
     */
    record BodyProblem(
            String type,
            String title,
            int status,
            String detail,
            Optional<Integer> unusable,
            Optional<List<UnusableEvent>> events) {}

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
        return new RefusedBodyException(
                UNPROCESSABLE,
                first.get(0).event() + ", line " + first.get(0).line() + ": "
                        + first.get(0).detail(),
                first,
                counts);
    }

    int status() {
        return status;
    }

    /** Events that cannot be used, by the reason that a dead letter would have. */
    Map<RejectReason, Integer> counts() {
        return counts;
    }

    /** The problem that the client gets, with a list of what is to be mended. */
    BodyProblem problem() {
        Problem plain = Problem.of(status, String.valueOf(getMessage()));
        Optional<List<UnusableEvent>> events = Optional.of(first).filter(some -> !some.isEmpty());
        int unusable = counts.values().stream().mapToInt(Integer::intValue).sum();
        return new BodyProblem(
                plain.type(), plain.title(), status, plain.detail(), events.map(some -> unusable), events);
    }
}
