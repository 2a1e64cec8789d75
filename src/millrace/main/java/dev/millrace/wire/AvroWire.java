package dev.millrace.wire;

import dev.millrace.event.EventLimits;
import dev.millrace.event.RejectReason;
import dev.millrace.event.Rejection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;

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
    private final GeneratedClasses model = new GeneratedClasses();
    private final Map<Long, Schema> known;
    private final Map<Schema, BinaryMessageEncoder<SpecificRecord>> encoders = new ConcurrentHashMap<>();
    private final Map<Resolution, SpecificDatumReader<SpecificRecord>> readers = new ConcurrentHashMap<>();

    /** From a writer's schema to ours. */
    private record Resolution(long writerFingerprint, Schema ours) {}

    /** How the schema of an id is looked up. */
    private interface Lookup {
        Schema schema(ConfluentRegistry registry, int id);
    }

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
        return topic.toAvro(value).map(avro -> encode(name, avro));
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

    /** The value as bytes, in the format of the settings. */
    byte[] encode(String topic, SpecificRecord value) {
        try {
            return switch (format) {
                case SINGLE_OBJECT -> singleObject(value);
                case CONFLUENT -> confluent(topic, value);
            };
        } catch (IOException impossible) {
            throw new UncheckedIOException("encoding a value of " + topic, impossible);
        }
    }

    /**
     * The value of bytes in either format.
     *
     * @throws UndecodableException if the bytes are no such value
     * @throws RegistryUnreachableException if the registry does not answer: the bytes may well be good
     */
    <T extends SpecificRecord> T decode(Class<T> type, byte[] bytes) {
        return decode(type, bytes, Function.identity());
    }

    /**
     * The core value of bytes in either format.
     *
     * @param toCore makes it of Avro's value; what it throws means that the bytes are no such value, or is a {@link Rejection} of its own
     * @throws UndecodableException if the bytes are no such value
     * @throws RegistryUnreachableException if the registry does not answer: the bytes may well be good
     */
    <T extends SpecificRecord, R> R decode(Class<T> type, byte[] bytes, Function<T, R> toCore) {
        return decode(type, bytes, toCore, ConfluentRegistry::schema);
    }

    /** As {@link #decode}, of bytes that anybody may have written: ids that the registry does not have hold others up only for so long. */
    <T extends SpecificRecord, R> R decodeForeign(Class<T> type, byte[] bytes, Function<T, R> toCore) {
        return decode(type, bytes, toCore, ConfluentRegistry::schemaInTime);
    }

    private <T extends SpecificRecord, R> R decode(Class<T> type, byte[] bytes, Function<T, R> toCore, Lookup lookup) {
        Schema schema = model.schemaOf(type);
        try {
            if (bytes.length > 0 && bytes[0] == CONFLUENT) {
                return toCore.apply(type.cast(confluent(schema, bytes, lookup)));
            }
            if (bytes.length == 0 || bytes[0] != SINGLE_OBJECT) {
                throw new UndecodableException(
                        RejectReason.UNDECODABLE,
                        "expected C3 01 (Avro single-object), 00 (Confluent) or, of an event, { (JSON) first, found "
                                + (bytes.length == 0 ? "nothing" : "%02X".formatted(bytes[0])));
            }
            return toCore.apply(type.cast(singleObject(schema, bytes)));
        } catch (RegistryUnreachableException told) {
            throw told;
        } catch (RuntimeException | IOException broken) {
            if (broken instanceof Rejection && broken instanceof RuntimeException told) {
                throw told;
            }
            // broken lengths, branches and places come as exceptions of many kinds
            throw UndecodableException.instead("expected a " + type.getSimpleName(), broken);
        }
    }

    /**
     * The schema that a value was written with, in our names.
     *
     * @throws UndecodableException if its bytes name none that is known
     * @throws RegistryUnreachableException if the registry does not answer
     */
    Schema writerSchema(byte[] bytes) {
        if (bytes.length >= SINGLE_OBJECT_HEADER_BYTES && bytes[0] == SINGLE_OBJECT && bytes[1] == 1) {
            long fingerprint = fingerprint(bytes);
            return Optional.ofNullable(known.get(fingerprint))
                    .orElseThrow(() -> new UndecodableException(
                            RejectReason.UNKNOWN_SCHEMA, "no schema has the fingerprint %016x".formatted(fingerprint)));
        }
        if (bytes.length >= CONFLUENT_HEADER_BYTES && bytes[0] == CONFLUENT && registry.isPresent()) {
            return registry.get().schema(ByteBuffer.wrap(bytes).getInt(1));
        }
        throw new UndecodableException(RejectReason.UNDECODABLE, "the value's first bytes name no schema");
    }

    /** Bytes before the value proper. */
    static int headerBytes(byte[] bytes) {
        return bytes[0] == CONFLUENT ? CONFLUENT_HEADER_BYTES : SINGLE_OBJECT_HEADER_BYTES;
    }

    private static long fingerprint(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
    }

    private Object singleObject(Schema schema, byte[] bytes) throws IOException {
        Schema writer = writerSchema(bytes);
        return readers.computeIfAbsent(
                        new Resolution(fingerprint(bytes), schema),
                        resolution -> new SpecificDatumReader<>(writer, schema, model))
                .read(null, new RecordDecoder(bytes, SINGLE_OBJECT_HEADER_BYTES));
    }

    private byte[] singleObject(SpecificRecord value) throws IOException {
        ByteBuffer encoded = encoders.computeIfAbsent(
                        value.getSchema(), schema -> new BinaryMessageEncoder<>(model, schema))
                .encode(value);
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return bytes;
    }

    private byte[] confluent(String topic, SpecificRecord value) throws IOException {
        int id = requireRegistry().id(topic + "-value", value.getSchema());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        bytes.write(ByteBuffer.allocate(CONFLUENT_HEADER_BYTES)
                .put(CONFLUENT)
                .putInt(id)
                .array());
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new SpecificDatumWriter<SpecificRecord>(value.getSchema(), model).write(value, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }

    private Object confluent(Schema schema, byte[] bytes, Lookup lookup) throws IOException {
        if (bytes.length < CONFLUENT_HEADER_BYTES) {
            throw new UndecodableException(
                    RejectReason.UNDECODABLE, "a value of " + bytes.length + " bytes names no schema id");
        }
        if (registry.isEmpty()) {
            throw new UndecodableException(
                    RejectReason.UNKNOWN_SCHEMA,
                    "the value names a registry's schema, and schema.registry.url is not set");
        }
        Schema writer = lookup.schema(registry.get(), ByteBuffer.wrap(bytes).getInt(1));
        return new SpecificDatumReader<>(writer, schema, model)
                .read(null, new RecordDecoder(bytes, CONFLUENT_HEADER_BYTES));
    }

    private ConfluentRegistry requireRegistry() {
        return registry.orElseThrow(
                () -> new IllegalStateException("schema.registry.url must be set for wire.format = confluent"));
    }
}
