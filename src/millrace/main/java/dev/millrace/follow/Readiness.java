package dev.millrace.follow;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.millrace.recall.Generations;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Whether the server can answer, and what it waits for.
 *
 * @param isReady true if all topics have caught up and a generation answers
 * @param isAlive true if no topic has failed; if one has, a new start may help
 * @param topics how far each topic is
 * @param records how much of each topic has been read, if that is known
 * @param generation that answers
 * @param promoted the generation promoted last, which is to answer
 * @param generations all that are kept
 * @param items in the index that answers
 * @param step latest learning step among its vectors
 */
public record Readiness(
        boolean isReady,
        boolean isAlive,
        Map<FollowedTopic, Progress> topics,
        Map<FollowedTopic, Records> records,
        Optional<String> generation,
        Optional<String> promoted,
        List<Generations.Status> generations,
        int items,
        long step) {

    /**
     * How many of the records that were in a topic at start have been read.
     *
     * @param read records; those that compaction has removed since count as read
     * @param of records at start
     */
    public record Records(long read, long of) {}

    /** How far a topic has been read. */
    enum Progress {
        READING,
        CAUGHT_UP,
        FAILED;

        /** As {@code /readyz} gives it. */
        @JsonValue
        String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Its members, as {@code /readyz} gives them. */
    public Map<String, Object> body() {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("ready", isReady);
        body.put("topics", topics);
        body.put("records", records);
        generation.ifPresent(answering -> body.put("generation", answering));
        promoted.ifPresent(last -> body.put("promoted", last));
        body.put("generations", generations.stream().map(Readiness::body).toList());
        body.put("items", items);
        body.put("step", step);
        return body;
    }

    private static Map<String, Object> body(Generations.Status status) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("generation", status.generation());
        body.put("complete", status.isComplete());
        body.put("items", status.items());
        body.put("encoder", status.isEncoderReady() ? "ready" : "incomplete");
        return body;
    }
}
