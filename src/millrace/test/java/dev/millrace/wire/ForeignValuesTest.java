package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.stream.Streams;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.Conversions;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignValuesTest {

    private static final String VIEW =
            """
            {"type": "record", "name": "View", "namespace": "shop", "fields": [
             {"name": "who", "type": {"type": "record", "name": "Who", "fields": [{"name": "id", "type": "string"}]}},
             {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
             {"name": "tags", "type": {"type": "array", "items": "string"}},
             {"name": "more", "type": {"type": "map", "values": ["null", "double", "boolean"]}},
             {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
             {"name": "place", "type": ["null", "int"], "default": null}]}
            """;
    private static final String AS_JSON = "{\"who\":{\"id\":\"u1\"},\"at\":1767225600000001,\"tags\":[\"a\",\"b\"],"
            + "\"more\":{\"seen\":true},\"price\":-12.5,\"place\":null}";

    private final Schema schema = new Schema.Parser().parse(VIEW);
    private final FakeRegistry registry = new FakeRegistry(new AtomicLong());
    private final ForeignValues values = new ForeignValues(Streams.wire());

    @AfterEach
    void stop() {
        registry.stop();
    }

    @Test
    void avroOfARegistryIsATree() throws IOException {
        ForeignValues ofRegistry = new ForeignValues(registry.wire(WireSettings.Format.SINGLE_OBJECT, ""));
        int id = registry.add(registry.schema(VIEW));
        byte[] framed = ByteBuffer.allocate(5 + encoded().length)
                .put((byte) 0)
                .putInt(id)
                .put(encoded())
                .array();

        assertThat(ofRegistry.value(framed)).hasToString(AS_JSON);
        assertThat(ofRegistry.key(framed).orElseThrow()).hasToString(AS_JSON);
    }

    @Test
    void avroWithAFingerprintIsATree(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("view.avsc"), VIEW);
        ForeignValues ofDirectory = new ForeignValues(new AvroWire(new WireSettings(
                WireSettings.Format.SINGLE_OBJECT, Optional.empty(), "", Optional.of(directory), Streams.limits())));
        byte[] single = ByteBuffer.allocate(10 + encoded().length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0xC3)
                .put((byte) 1)
                .putLong(SchemaNormalization.parsingFingerprint64(schema))
                .put(encoded())
                .array();

        assertThat(ofDirectory.value(single)).hasToString(AS_JSON);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                " {\"a\": 1}",
                "\0\0\0\0\7{\"a\": 1}",
                "{\"schema\": {\"type\": \"struct\"}, \"payload\": {\"a\": 1}}"
            })
    void jsonMayStandInAFrame(String value) {
        assertThat(values.value(bytes(value))).hasToString("{\"a\":1}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[1]",
                "{\"a\": 1} {",
                "{\"a\"",
                "text",
                "\0\0\0\0\7abc",
                "{\"schema\": 1, \"payload\": null}"
            })
    void whatIsNoObjectIsUndecodable(String value) {
        assertThatThrownBy(() -> values.value(bytes(value))).isInstanceOf(UndecodableException.class);
    }

    @Test
    void aKeyIsAnObjectOrAText() {
        assertThat(values.key(bytes("{\"id\": 7}")).orElseThrow()).hasToString("{\"id\":7}");
        assertThat(values.key(bytes("u 1")).orElseThrow().asText()).isEqualTo("u 1");
        assertThat(values.key(bytes("{u1")).orElseThrow().asText()).isEqualTo("{u1");
        assertThat(values.key(null)).isEmpty();
        assertThat(values.key(bytes(""))).isEmpty();
        assertThat(values.key(new byte[] {0, 0, 0, 0, 0, 0, 0, 7})).isEmpty();
        assertThat(values.key(new byte[] {(byte) 0xff, 1})).isEmpty();
    }

    private byte[] encoded() throws IOException {
        GenericData.Record who = new GenericData.Record(schema.getField("who").schema());
        who.put("id", "u1");
        GenericRecord view = new GenericData.Record(schema);
        view.put("who", who);
        view.put("at", 1_767_225_600_000_001L);
        view.put("tags", List.of("a", "b"));
        view.put("more", Map.of("seen", true));
        Schema price = schema.getField("price").schema();
        view.put(
                "price",
                new Conversions.DecimalConversion().toBytes(new BigDecimal("-12.50"), price, price.getLogicalType()));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<GenericRecord>(schema).write(view, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
