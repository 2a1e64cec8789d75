package dev.millrace.replay;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.event.RejectReason;
import dev.millrace.event.UnusableEventException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * What a record of a topic says of a row: the row as it is now or, in an envelope of Debezium, what was done to it.
 *
 * @param row as it is now; of a delete as it was before. Absent if the record does not have it
 * @param isWhole whether the row has all its columns, so that one without a value has lost it
 * @param unknown columns whose value the envelope leaves out because it has not changed
 */
public record RowChange(Kind kind, Optional<ObjectNode> row, boolean isWhole, Set<String> unknown) {

    /** What was done. */
    public enum Kind {
        INSERT,
        UPDATE,
        DELETE,
        /** All rows of the table were deleted. */
        TRUNCATE,
        /** The record has no value: what has its key is gone, as a delete may have said before. */
        TOMBSTONE,
        /** Nothing that is about a row. */
        MESSAGE
    }

    /** What Debezium writes in place of a large value that has not changed. */
    private static final String UNAVAILABLE = "__debezium_unavailable_value";

    /** The member of a row that has the record's own key and time. */
    private static final String RECORD = "record";

    /** Column of the record's key. It often is the user's id. */
    public static final String KEY = RECORD + ".key";

    /** Column of the record's time, epoch milliseconds. */
    public static final String TIME = RECORD + ".time";

    /**
     * Reads the value of a record.
     *
     * @param value absent of a tombstone
     * @param key of the record, which becomes a column of the row
     * @param time of the record, likewise
     * @throws UnusableEventException if an envelope has not what it must have
     */
    public static RowChange of(Optional<ObjectNode> value, Optional<JsonNode> key, long time) {
        if (value.isEmpty()) {
            return without(Kind.TOMBSTONE, Optional.empty());
        }
        ObjectNode object = value.get();
        return isEnvelope(object)
                ? ofEnvelope(object, key, time)
                : new RowChange(Kind.INSERT, Optional.of(row(object, key, time)), false, Set.of());
    }

    private static boolean isEnvelope(ObjectNode object) {
        return object.path("op").isTextual()
                && object.path("source").path("connector").isTextual();
    }

    private static RowChange ofEnvelope(ObjectNode envelope, Optional<JsonNode> key, long time) {
        String done = envelope.path("op").asText();
        return switch (done) {
            case "c", "r" -> whole(Kind.INSERT, envelope, key, time);
            case "u" -> whole(Kind.UPDATE, envelope, key, time);
            case "d" ->
                without(
                        Kind.DELETE,
                        envelope.path("before") instanceof ObjectNode before
                                ? Optional.of(row(before, key, time))
                                : Optional.empty());
            case "t" -> without(Kind.TRUNCATE, Optional.empty());
            case "m" -> without(Kind.MESSAGE, Optional.empty());
            default -> throw new UnusableEventException("op", done, "must be c, r, u, d, t or m");
        };
    }

    private static RowChange whole(Kind kind, ObjectNode envelope, Optional<JsonNode> key, long time) {
        if (!(envelope.path("after") instanceof ObjectNode after)) {
            throw new UnusableEventException(
                    RejectReason.UNDECODABLE, "after is absent", "must be the row as it is now");
        }
        Set<String> unknown = new HashSet<>();
        after.properties().forEach(member -> {
            if (member.getValue().asText().equals(UNAVAILABLE)) {
                unknown.add(member.getKey());
            }
        });
        after.remove(unknown);
        return new RowChange(kind, Optional.of(row(after, key, time)), true, unknown);
    }

    private static RowChange without(Kind kind, Optional<ObjectNode> row) {
        return new RowChange(kind, row, false, Set.of());
    }

    /** The members of a value, and those of the record if the value has none of that name. */
    static ObjectNode row(ObjectNode value, Optional<JsonNode> key, long time) {
        if (!value.has(RECORD)) {
            ObjectNode own = value.putObject(RECORD);
            key.ifPresent(named -> own.set("key", named));
            own.put("time", time);
        }
        return value;
    }
}
