package dev.millrace.wire;

import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.ItemEvent;
import dev.millrace.stream.Streams;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.SchemaNormalization;

/** Makes records that no honest writer sends: good ones that were changed, and others made to claim more than they have. */
public final class HostileBytes {

    private static final int HEADER_BYTES = 10;
    private static final int LARGE_BYTES = 900_000;
    private static final int LARGE_EVERY = 1_000;

    /** Lengths and counts that a heap of 256 MiB has no room for, and some at the edges of int and long. */
    private static final long[] CLAIMS = {
        2_147_483_638L,
        2_147_483_639L,
        Integer.MAX_VALUE,
        Integer.MAX_VALUE + 1L,
        300_000_000,
        50_000_000,
        -50_000_000,
        -1,
        Integer.MIN_VALUE,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        1L << 40,
        70_000
    };

    private final Random random;
    private final Map<String, List<byte[]>> samples;
    private final List<Schema> schemas = new ArrayList<>(WriterSchemas.TODAY);
    private int made;

    /** @param samples good values by topic */
    public HostileBytes(Random random, Map<String, List<byte[]>> samples) {
        this.random = random;
        this.samples = samples;
        schemas.addAll(WriterSchemas.past());
        schemas.addAll(foreign());
    }

    /** A wire that knows producers' schemas with fields of their own, which are skipped: such as arrays of what has no bytes. */
    public static AvroWire wireOfForeignSchemas(Path directory) throws IOException {
        for (Schema schema : foreign()) {
            Files.writeString(directory.resolve(schema.getName() + ".avsc"), schema.toString());
        }
        return new AvroWire(new WireSettings(
                WireSettings.Format.SINGLE_OBJECT, Optional.empty(), "", Optional.of(directory), Streams.limits()));
    }

    private static List<Schema> foreign() {
        return List.of(extended(ExposureEvent.getClassSchema()), extended(ItemEvent.getClassSchema()));
    }

    private static Schema extended(Schema schema) {
        Schema nothing = Schema.create(Schema.Type.NULL);
        Schema empty =
                SchemaBuilder.record("Empty").namespace("theirs").fields().endRecord();
        List<Schema.Field> fields = new ArrayList<>();
        fields.add(new Schema.Field("nulls", Schema.createArray(nothing)));
        fields.add(new Schema.Field("empties", Schema.createArray(empty)));
        fields.add(new Schema.Field("blob", Schema.create(Schema.Type.BYTES)));
        fields.add(new Schema.Field("table", Schema.createMap(Schema.createArray(Schema.create(Schema.Type.STRING)))));
        fields.add(new Schema.Field("grid", Schema.createArray(Schema.createArray(nothing))));
        fields.add(new Schema.Field("code", Schema.createFixed("Code", null, "theirs", 16)));
        schema.getFields().forEach(field -> fields.add(new Schema.Field(field, field.schema())));
        return Schema.createRecord(schema.getName(), null, schema.getNamespace(), false, fields);
    }

    /** A record for a topic; now and then a large one. */
    public byte[] next(String topic) {
        made++;
        List<byte[]> good = samples.getOrDefault(topic, List.of());
        byte[] value = good.get(random.nextInt(good.size())).clone();
        if (made % LARGE_EVERY == 0) {
            return random.nextInt(3) == 0 ? largeJson() : large(value);
        }
        return switch (random.nextInt(10)) {
            case 0 -> changed(value, 1 + random.nextInt(4));
            case 1 -> Arrays.copyOf(value, random.nextInt(value.length + 1));
            case 2 -> inserted(value, claim(), 0);
            case 3 -> inserted(value, claim(), 1);
            case 4 -> inserted(value, claim(), 2);
            case 5 -> inserted(value, Arrays.copyOfRange(value, 0, random.nextInt(value.length + 1)), 0);
            case 6 -> crafted(header(anySchema()));
            case 7 -> ofAnotherSchema(value);
            case 8 -> changed(inserted(value, claim(), 1), 1);
            default -> random(random.nextInt(200));
        };
    }

    /** As many tiny items as fit, behind something that may be the beginning of a collection. */
    private byte[] large(byte[] value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] from = random.nextBoolean() ? value : header(anySchema());
        bytes.write(from, 0, Math.max(Math.min(HEADER_BYTES, from.length), random.nextInt(from.length)));
        for (int at = random.nextInt(8); at > 0; at--) {
            bytes.writeBytes(coded(random.nextInt(4)));
        }
        bytes.writeBytes(coded(random.nextBoolean() ? LARGE_BYTES / 2 : 1 + random.nextInt(LARGE_BYTES)));
        byte[] filler = coded(random.nextInt(5) - 2);
        while (bytes.size() < LARGE_BYTES) {
            bytes.writeBytes(filler);
        }
        return bytes.toByteArray();
    }

    /** An object with as many components, texts or features as fit. */
    private byte[] largeJson() {
        StringBuilder json = new StringBuilder(random.nextBoolean() ? "{\"features\":{\"a\":" : "{\"context\":{\"a\":");
        switch (random.nextInt(3)) {
            case 0 -> json.append('[').append("0,".repeat(LARGE_BYTES / 2)).append("0]");
            case 1 -> json.append('[').append("\"\",".repeat(LARGE_BYTES / 3)).append("\"\"]");
            default -> {
                json.append('0');
                for (int name = 0; json.length() < LARGE_BYTES; name++) {
                    json.append(",\"n").append(Integer.toString(name, 36)).append("\":0");
                }
            }
        }
        return json.append("}}").toString().getBytes(StandardCharsets.US_ASCII);
    }

    private byte[] crafted(byte[] header) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(header);
        for (int at = random.nextInt(30); at > 0; at--) {
            switch (random.nextInt(4)) {
                case 0 -> bytes.writeBytes(coded(random.nextInt(6)));
                case 1 -> {
                    byte[] text = random(random.nextInt(6));
                    bytes.writeBytes(coded(text.length));
                    bytes.writeBytes(text);
                }
                case 2 -> bytes.writeBytes(random(random.nextInt(4)));
                default -> {
                    if (random.nextInt(4) == 0) {
                        bytes.writeBytes(claim());
                    }
                }
            }
        }
        return bytes.toByteArray();
    }

    private byte[] ofAnotherSchema(byte[] value) {
        byte[] header = header(anySchema());
        byte[] other = Arrays.copyOf(header, Math.max(HEADER_BYTES, value.length));
        if (value.length > HEADER_BYTES) {
            System.arraycopy(value, HEADER_BYTES, other, HEADER_BYTES, value.length - HEADER_BYTES);
        }
        return other;
    }

    private byte[] changed(byte[] value, int times) {
        for (int at = 0; at < times && value.length > 0; at++) {
            value[random.nextInt(value.length)] = (byte) random.nextInt();
        }
        return value;
    }

    private byte[] inserted(byte[] value, byte[] what, int replacing) {
        int at = Math.min(value.length, HEADER_BYTES) + random.nextInt(Math.max(1, value.length - HEADER_BYTES));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(value, 0, Math.min(at, value.length));
        bytes.writeBytes(what);
        int rest = Math.min(value.length, at + replacing);
        bytes.write(value, rest, value.length - rest);
        return bytes.toByteArray();
    }

    private byte[] claim() {
        return coded(CLAIMS[random.nextInt(CLAIMS.length)]);
    }

    private byte[] random(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private Schema anySchema() {
        return schemas.get(random.nextInt(schemas.size()));
    }

    /** The first bytes of a single-object value of that schema. */
    public static byte[] header(Schema schema) {
        return ByteBuffer.allocate(HEADER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0xC3)
                .put((byte) 1)
                .putLong(SchemaNormalization.parsingFingerprint64(schema))
                .array();
    }

    /** The first bytes of values of all schemas that a {@linkplain #wireOfForeignSchemas wire} knows. */
    public static List<byte[]> headers() {
        return Stream.of(WriterSchemas.TODAY, WriterSchemas.past(), foreign())
                .flatMap(List::stream)
                .map(HostileBytes::header)
                .toList();
    }

    /** A number as Avro codes it. */
    public static byte[] coded(long number) {
        long zigzag = (number << 1) ^ (number >> 63);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while ((zigzag & ~0x7fL) != 0) {
            bytes.write((int) ((zigzag & 0x7f) | 0x80));
            zigzag >>>= 7;
        }
        bytes.write((int) zigzag);
        return bytes.toByteArray();
    }
}
