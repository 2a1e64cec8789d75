package dev.millrace.wire;

import dev.millrace.event.EventLimits;
import dev.millrace.event.RejectReason;
import dev.millrace.event.Rejection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/**
 * The two wire formats of record values: Avro single-object and Confluent's.
 *
 * <p>It writes the format of the settings. It reads both, told apart by the first byte, and resolves the writer's schema to ours.
 * Writers' schemas come from this program, the operator's directory or the registry, never from a record. What a record claims is held
 * against its own bytes ({@link RecordDecoder}). Safe for threads.
 */
public final class AvroWire {

    private static final byte SINGLE_OBJECT = (byte) 0xC3;
    private static final byte CONFLUENT = 0;
    private static final int CONFLUENT_HEADER_BYTES = 1 + Integer.BYTES;
    private static final int SINGLE_OBJECT_HEADER_BYTES = 2 + Long.BYTES;

    private final WireSettings.Format format;
    private final Optional<ConfluentRegistry> registry;
    private final EventLimits limits;
    private final Map<Long, Schema> known;
    private final Map<Schema, byte[]> fingerprints = new ConcurrentHashMap<>(); // as values of the schema begin

    /** Reads a value of today's schema, field by field. */
    interface Fields<R> {
        R read(RecordDecoder from) throws IOException;
    }

    /**
     * What the first bytes of a value say.
     *
     * @param schema that the value was written with, in our names
     * @param bytes that say it: the value proper is behind them
     */
    record Header(Schema schema, int bytes) {}

    public AvroWire(WireSettings settings) {
        this(settings, System::nanoTime);
    }

    /** @param nanoTime as {@link ConfluentRegistry} takes it */
    AvroWire(WireSettings settings, LongSupplier nanoTime) {
        format = settings.format();
        limits = settings.limits();
        registry = settings.registry().map(url -> new ConfluentRegistry(url, settings.authorization(), nanoTime));
        known = WriterSchemas.all(settings.schemaDirectory());
    }

    /** Limits of the events that are read. */
    EventLimits limits() {
        return limits;
    }

    /**
     * A record's value as bytes, in the format of the settings; absent to remove what has its key.
     *
     * @param name of the topic in the cluster
     */
    public <T> Optional<byte[]> encode(Topic<T> topic, String name, T value) {
        return topic.encode(this, name, value);
    }

    /**
     * What a record holds; absent if that is nothing, as after a removal, or something that only another version knows.
     *
     * @throws UndecodableException if key or value are none of the topic
     * @throws RegistryUnreachableException if the registry does not answer: the bytes may well be good
     */
    public <T> Optional<T> decode(Topic<T> topic, TopicRecord record) {
        return topic.decode(this, record.key(), record.value());
    }

    /** As {@link #decode(Topic, TopicRecord)}, of a record with a value. */
    public <T> Optional<T> decode(Topic<T> topic, byte[] key, byte[] value) {
        return topic.decode(this, key, Optional.of(value));
    }

    /** A value as bytes, in the format of the settings. */
    byte[] encode(String topic, Schema schema, Consumer<RecordEncoder> fields) {
        RecordEncoder encoder = new RecordEncoder(header(topic, schema));
        fields.accept(encoder);
        return encoder.written();
    }

    /** The first bytes of a value, in the format of the settings. */
    private byte[] header(String topic, Schema schema) {
        return switch (format) {
            case SINGLE_OBJECT ->
                fingerprints.computeIfAbsent(schema, of -> ByteBuffer.allocate(SINGLE_OBJECT_HEADER_BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put(SINGLE_OBJECT)
                        .put((byte) 1)
                        .putLong(SchemaNormalization.parsingFingerprint64(of))
                        .array());
            case CONFLUENT ->
                ByteBuffer.allocate(CONFLUENT_HEADER_BYTES)
                        .put(CONFLUENT)
                        .putInt(registry.orElseThrow(() -> new IllegalStateException(
                                        "schema.registry.url must be set for wire.format = confluent"))
                                .id(topic + "-value", schema))
                        .array();
        };
    }

    /**
     * The core value of bytes in either format.
     *
     * @param ours today's schema
     * @param fields reads what that schema has written; what it throws means that the bytes are no such value, or is a {@link Rejection} of its own
     * @throws UndecodableException if the bytes are no such value
     * @throws RegistryUnreachableException if the registry does not answer: the bytes may well be good
     */
    <R> R decode(Schema ours, byte[] bytes, Fields<R> fields) {
        return decode(ours, bytes, false, fields);
    }

    /**
     * As {@link #decode(Schema, byte[], Fields)}, of bytes that anybody may have written: ids that the registry does not have hold others up only for
     * so long.
     */
    <R> R decodeForeign(Schema ours, byte[] bytes, Fields<R> fields) {
        return decode(ours, bytes, true, fields);
    }

    private <R> R decode(Schema ours, byte[] bytes, boolean isForeign, Fields<R> fields) {
        try {
            return read(ours, bytes, header(bytes, isForeign), fields);
        } catch (RegistryUnreachableException told) {
            throw told;
        } catch (RuntimeException | IOException broken) {
            if (broken instanceof Rejection && broken instanceof RuntimeException told) {
                throw told;
            }
            // broken lengths, branches and places come as exceptions of many kinds
            throw UndecodableException.instead("expected a " + ours.getName(), broken);
        }
    }

    @SuppressWarnings("ReferenceEquality") // of a writer's schema that is today's, WriterSchemas gives ours itself
    private static <R> R read(Schema ours, byte[] bytes, Header header, Fields<R> fields) throws IOException {
        if (header.schema == ours) {
            try {
                return fields.read(new RecordDecoder(bytes, header.bytes));
            } catch (RuntimeException | IOException broken) {
                // Avro's own reader says what is wrong
            }
        }
        return fields.read(today(
                new GenericDatumReader<>(header.schema, ours).read(null, new RecordDecoder(bytes, header.bytes)),
                ours));
    }

    /** A record of Avro's as today's schema writes it. */
    static RecordDecoder today(Object record, Schema ours) throws IOException {
        ByteArrayOutputStream written = new ByteArrayOutputStream(256);
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(written, null);
        new GenericDatumWriter<>(ours).write(record, encoder);
        return new RecordDecoder(written.toByteArray(), 0);
    }

    /**
     * Reads the first bytes of a value.
     *
     * @param isForeign whether anybody may have written them
     * @throws UndecodableException if they name no schema that is known
     * @throws RegistryUnreachableException if the registry does not answer
     */
    Header header(byte[] bytes, boolean isForeign) {
        if (bytes.length == 0 || (bytes[0] != SINGLE_OBJECT && bytes[0] != CONFLUENT)) {
            throw new UndecodableException(
                    RejectReason.UNDECODABLE,
                    "expected C3 01 (Avro single-object), 00 (Confluent) or, of an event, { (JSON) first, found "
                            + (bytes.length == 0 ? "nothing" : "%02X".formatted(bytes[0])));
        }
        boolean isConfluent = bytes[0] == CONFLUENT;
        int length = isConfluent ? CONFLUENT_HEADER_BYTES : SINGLE_OBJECT_HEADER_BYTES;
        if (bytes.length < length || (!isConfluent && bytes[1] != 1)) {
            throw new UndecodableException(
                    RejectReason.UNDECODABLE, "the first of the value's " + bytes.length + " bytes name no schema");
        }
        if (isConfluent) {
            int id = ByteBuffer.wrap(bytes).getInt(1);
            return registry.map(asked -> new Header(asked.schema(id, isForeign), length))
                    .orElseThrow(() -> new UndecodableException(
                            RejectReason.UNKNOWN_SCHEMA,
                            "the value names a registry's schema, and schema.registry.url is not set"));
        }
        long fingerprint = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
        return Optional.ofNullable(known.get(fingerprint))
                .map(schema -> new Header(schema, length))
                .orElseThrow(() -> new UndecodableException(
                        RejectReason.UNKNOWN_SCHEMA, "no schema has the fingerprint %016x".formatted(fingerprint)));
    }
}
