package dev.millrace.fuzz;

import dev.millrace.event.Rejection;
import dev.millrace.state.InputTopic;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.HostileBytes;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TrainingRecords;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Records of every topic. The first byte chooses the topic, the second the schema that the record names, or none.
 *
 * <p>A record is refused with a reason, or read; then what was read, written, is read as the same.
 */
public final class EventFuzz {

    private static final String TOPIC = "any";
    private static final AvroWire WIRE = wire();
    private static final List<byte[]> HEADERS = HostileBytes.headers();
    private static final PlainValues PLAIN = new PlainValues(WIRE);

    /** The topics, by their names. */
    private static final List<String> NAMES = List.of(
            "exposures",
            "clicks",
            "users",
            "items",
            "training-examples",
            "mini-batches",
            "item-embeddings",
            "model-updates",
            "generations",
            "user-features",
            "training-progress");

    /** Reads a value and writes what it read, by topic. */
    private static final List<UnaryOperator<byte[]>> TOPICS = topics();

    private EventFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Input input = new Input(data);
        UnaryOperator<byte[]> topic = TOPICS.get(input.choice(0, TOPICS.size()));
        int header = input.choice(1, HEADERS.size() + 1);
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        record.writeBytes(header < HEADERS.size() ? HEADERS.get(header) : new byte[0]);
        record.writeBytes(input.from(2));
        byte[] value = record.toByteArray();

        PLAIN.decode(value); // as audits do: throws nothing
        for (InputTopic of : InputTopic.values()) {
            PLAIN.decode(of, value);
        }
        byte[] written;
        try {
            written = topic.apply(value);
        } catch (RuntimeException refused) {
            if (refused instanceof Rejection rejection) {
                Input.require(!rejection.rejected().message().isBlank(), "a refusal says why");
                return;
            }
            throw refused;
        }
        Input.require(Arrays.equals(topic.apply(written), written), "what was written is read as the same");
    }

    /** The input that makes this record of a topic, whether it names a schema or is JSON. */
    static byte[] input(String topic, byte[] value) {
        int number = 0;
        while (number < HEADERS.size()
                && !Arrays.equals(HEADERS.get(number), Arrays.copyOf(value, HEADERS.get(number).length))) {
            number++;
        }
        int from = number < HEADERS.size() ? HEADERS.get(number).length : 0;
        ByteArrayOutputStream input = new ByteArrayOutputStream();
        input.write(NAMES.indexOf(topic));
        input.write(number);
        input.write(value, from, value.length - from);
        return input.toByteArray();
    }

    private static List<UnaryOperator<byte[]>> topics() {
        EventRecords events = new EventRecords(WIRE);
        return List.of(
                value -> events.encode(TOPIC, events.exposure(value)),
                value -> events.encode(TOPIC, events.click(value)),
                value -> events.encode(TOPIC, events.profile(value)),
                value -> events.encode(TOPIC, events.item(value)),
                EventFuzz::trainingRecord,
                value -> again(Topic.MINI_BATCHES, value),
                value -> again(Topic.itemEmbeddings("log"), value),
                value -> again(Topic.MODEL_UPDATES, value),
                value -> again(Topic.GENERATIONS, value),
                value -> again(Topic.USER_FEATURES, value),
                value -> again(Topic.TRAINING_PROGRESS, value));
    }

    /** Read and written; itself if it is what another version knows. */
    private static <T> byte[] again(Topic<T> topic, byte[] value) {
        return WIRE.decode(topic, Topic.itemKey("g", "i1"), value)
                .flatMap(read -> WIRE.encode(topic, TOPIC, read))
                .orElse(value);
    }

    private static byte[] trainingRecord(byte[] value) {
        TrainingRecords records = new TrainingRecords(WIRE);
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        records.decode(
                value,
                example -> written.writeBytes(records.encode(TOPIC, example)),
                change -> written.writeBytes(records.encode(TOPIC, change)),
                user -> written.writeBytes(records.encodeUserRemoval(TOPIC, user)));
        return written.toByteArray();
    }

    private static AvroWire wire() {
        try {
            return HostileBytes.wireOfForeignSchemas(Input.directory());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
