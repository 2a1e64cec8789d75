package dev.millrace.wire;

import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.UserEvent;
import dev.millrace.state.InputTopic;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;

/**
 * Reads values by their writer's schema alone: no generated class, no resolution to our schemas, none of the rules of events.
 *
 * <p>For audits, which must not trust what they check. Only finding the schema is shared with {@link AvroWire}, and the reader of JSON with {@link EventRecords}.
 */
public final class PlainValues {

    private final AvroWire wire;

    public PlainValues(AvroWire wire) {
        this.wire = wire;
    }

    /**
     * The value; absent if the bytes are no value.
     *
     * @throws RegistryUnreachableException if the registry does not answer
     */
    public Optional<PlainRecord> decode(byte[] bytes) {
        try {
            AvroWire.Header header = wire.header(bytes, false);
            Object value =
                    new GenericDatumReader<>(header.schema()).read(null, new RecordDecoder(bytes, header.bytes()));
            return value instanceof GenericRecord record ? Optional.of(plain(record)) : Optional.empty();
        } catch (RegistryUnreachableException down) {
            throw down;
        } catch (RuntimeException | IOException broken) {
            return Optional.empty(); // Avro's decoder meets broken lengths and branches with exceptions of many kinds
        }
    }

    /**
     * The value of a record of an input topic; absent if the bytes are no value. Events may be in JSON: they are read by today's schema.
     *
     * @throws RegistryUnreachableException if the registry does not answer
     */
    public Optional<PlainRecord> decode(InputTopic topic, byte[] bytes) {
        return JsonEvents.isJson(bytes) ? eventSchema(topic).flatMap(schema -> event(schema, bytes)) : decode(bytes);
    }

    private static Optional<Schema> eventSchema(InputTopic topic) {
        return switch (topic) {
            case EXPOSURES -> Optional.of(ExposureEvent.getClassSchema());
            case CLICKS -> Optional.of(ClickEvent.getClassSchema());
            case USERS -> Optional.of(UserEvent.getClassSchema());
            case ITEMS -> Optional.of(ItemEvent.getClassSchema());
            case EXAMPLES, BATCHES -> Optional.empty();
        };
    }

    private Optional<PlainRecord> event(Schema schema, byte[] bytes) {
        try {
            return Optional.of(plain(JsonEvents.read(schema, bytes)));
        } catch (UndecodableException broken) {
            return Optional.empty();
        }
    }

    private static PlainRecord plain(GenericRecord record) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (Schema.Field field : record.getSchema().getFields()) {
            Optional.ofNullable(record.get(field.pos())).ifPresent(value -> fields.put(field.name(), plain(value)));
        }
        return new PlainRecord(record.getSchema().getFullName(), fields);
    }

    private static Object plain(Object value) {
        if (value instanceof GenericRecord record) {
            return plain(record);
        } else if (value instanceof CharSequence text) {
            return text.toString();
        } else if (value instanceof List<?> list) {
            List<Object> plain = new ArrayList<>(list.size());
            list.forEach(entry -> plain.add(entry == null ? "" : plain(entry)));
            return plain;
        } else if (value instanceof Map<?, ?> map) {
            Map<String, Object> plain = new LinkedHashMap<>();
            map.forEach((key, entry) -> plain.put(String.valueOf(key), plain(entry)));
            return plain;
        }
        return value;
    }
}
