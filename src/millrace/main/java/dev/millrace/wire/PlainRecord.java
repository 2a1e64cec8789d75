package dev.millrace.wire;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A record's value as its writer wrote it, without a class of its own: texts, numbers, lists, maps and further such records.
 *
 * @param schema full name of the writer's schema
 * @param fields by the writer's names; those that are null are left out
 */
public record PlainRecord(String schema, Map<String, Object> fields) {

    public PlainRecord {
        fields = Map.copyOf(fields);
    }

    /** Whether the schema has this name, whatever its namespace. */
    public boolean is(String simpleName) {
        return schema.substring(schema.lastIndexOf('.') + 1).equals(simpleName);
    }

    public Optional<Object> field(String name) {
        return Optional.ofNullable(fields.get(name));
    }

    /** A text; the second if the writer has no such field. */
    public String text(String name, String absent) {
        return field(name).map(Object::toString).orElse(absent);
    }

    /** A number; the second if the writer has no such field. */
    public long integer(String name, long absent) {
        return field(name).map(value -> ((Number) value).longValue()).orElse(absent);
    }

    /** A number; the second if the writer has no such field. */
    public double number(String name, double absent) {
        return field(name).map(value -> ((Number) value).doubleValue()).orElse(absent);
    }

    /** A list; empty if the writer has no such field. */
    public List<?> list(String name) {
        return field(name).<List<?>>map(value -> (List<?>) value).orElse(List.of());
    }

    /** A map; empty if the writer has no such field. */
    public Map<?, ?> map(String name) {
        return field(name).<Map<?, ?>>map(value -> (Map<?, ?>) value).orElse(Map.of());
    }

    /** A record within. */
    public Optional<PlainRecord> record(String name) {
        return field(name).map(value -> (PlainRecord) value);
    }
}
