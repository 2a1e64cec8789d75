package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.GenerationRecord;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.generation.GenerationFact;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.stream.Streams;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class WriterSchemasTest {

    private static final Path EVER_WRITTEN = Path.of("src/millrace/test/resources/schemas-ever-written.txt");

    @Test
    void everySchemaThatWasEverWrittenIsStillKnown() throws IOException {
        TreeSet<String> known = new TreeSet<>();
        WriterSchemas.TODAY.forEach(schema -> known.add(line(schema)));
        WriterSchemas.past().forEach(schema -> known.add(line(schema)));

        assertThat(known)
                .as(
                        "a schema that changes: add its new line to %s, and the schema as it was to past-schemas.jsonl",
                        EVER_WRITTEN)
                .containsExactlyElementsOf(Files.readAllLines(EVER_WRITTEN));
    }

    @Test
    void whatEarlierReleasesWroteCanBeRead() {
        for (Schema past : WriterSchemas.past()) {
            Schema today = WriterSchemas.TODAY.stream()
                    .filter(schema -> schema.getFullName().equals(past.getFullName()))
                    .findFirst()
                    .orElseThrow();

            var compatibility = SchemaCompatibility.checkReaderWriterCompatibility(today, past);

            assertThat(compatibility.getType())
                    .as(compatibility.getDescription())
                    .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
        }
    }

    @Test
    void exposuresOfProducersWhoDoNotSayWhatWasShownGoOn() throws IOException {
        List<Schema> before = WriterSchemas.past().stream()
                .filter(schema -> schema.getName().equals("ExposureEvent"))
                .toList();

        assertThat(before).hasSize(2);
        for (Schema schema : before) {
            Exposure read = new EventRecords(wire(Optional.empty())).exposure(written(schema));

            assertThat(read).isEqualTo(new Exposure("e1", "u1", "i1", Streams.T0, 0, Features.NONE));
            assertThat(read.generation()).isEmpty();
            assertThat(read.place()).isEmpty();
        }
    }

    @Test
    void schemasInTheDirectoryReadOwnFields(@TempDir Path directory) throws IOException {
        Schema extended = withAnotherField(ExposureEvent.getClassSchema());
        byte[] written = written(extended);
        Files.writeString(directory.resolve("exposure-2.avsc"), extended.toString());

        AvroWire informed = wire(Optional.of(directory));

        assertThat(AvroBytes.decode(informed, ExposureEvent.class, written).getUserId())
                .isEqualTo("u1");
        assertThatThrownBy(() -> AvroBytes.decode(wire(Optional.empty()), ExposureEvent.class, written))
                .isInstanceOf(UndecodableException.class);
    }

    @Test
    void fieldUnderAnotherNameIsReadByItsAlias(@TempDir Path directory) throws IOException {
        List<Schema.Field> fields = new ArrayList<>();
        for (Schema.Field field :
                withAnotherField(ExposureEvent.getClassSchema()).getFields()) {
            Schema.Field renamed = new Schema.Field("their_" + field.name(), field.schema(), null, field.defaultVal());
            renamed.addAlias(field.name());
            fields.add(renamed);
        }
        Schema theirs = Schema.createRecord("ExposureEvent", null, "dev.millrace.avro", false, fields);
        Files.writeString(directory.resolve("exposure-theirs.avsc"), theirs.toString());

        ExposureEvent read =
                AvroBytes.decode(wire(Optional.of(directory)), ExposureEvent.class, written(theirs, "their_"));

        assertThat(read.getUserId()).isEqualTo("u1");
        assertThat(read.getTime()).isEqualTo(Instant.ofEpochMilli(Streams.T0));
    }

    /** Of another order, and with a field more. */
    @Test
    void ownTopicsResolveOtherSchemasToo(@TempDir Path directory) throws IOException {
        List<Schema.Field> fields = new ArrayList<>();
        fields.add(new Schema.Field("more", Schema.create(Schema.Type.STRING), null, "theirs"));
        for (Schema.Field field : GenerationRecord.getClassSchema().getFields()) {
            fields.add(0, new Schema.Field(field, field.schema()));
        }
        Schema theirs = Schema.createRecord("GenerationRecord", null, "dev.millrace.avro", false, fields);
        Files.writeString(directory.resolve("generation-2.avsc"), theirs.toString());
        GenerationFact fact =
                new GenerationFact("g1", GenerationFact.Kind.STARTED, 7, 8, 9, "app", new TreeMap<>(Map.of("a", "b")));
        byte[] ours = wire(Optional.empty())
                .encode(Topic.GENERATIONS, "generations", fact)
                .orElseThrow();
        Object record = new GenericDatumReader<>(GenerationRecord.getClassSchema(), theirs)
                .read(null, new RecordDecoder(ours, HostileBytes.header(theirs).length));
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        written.writeBytes(HostileBytes.header(theirs));
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(written, null);
        new GenericDatumWriter<>(theirs).write(record, encoder);

        assertThat(wire(Optional.of(directory)).decode(Topic.GENERATIONS, new byte[0], written.toByteArray()))
                .contains(fact);
    }

    @Test
    void shippedSchemasAreUsableAsTheDirectory() {
        assertThat(wire(Optional.of(Path.of("schemas")))).isNotNull();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("unusable")
    void aFileOfTheDirectoryThatIsNoUsableSchemaIsNamed(String name, String text, String rule, @TempDir Path directory)
            throws IOException {
        Files.writeString(directory.resolve(name + ".avsc"), text);

        assertThatThrownBy(() -> wire(Optional.of(directory)))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("schema.directory")
                .hasMessageContaining(name + ".avsc is no Avro schema")
                .hasMessageContaining(rule);
    }

    static Stream<Arguments> unusable() {
        String chain = "{\"type\":\"record\",\"name\":\"T0\",\"fields\":[]}";
        for (int at = 1; at <= 30; at++) { // T30 holds 2^30 of T0
            chain = "{\"type\":\"record\",\"name\":\"T" + at + "\",\"fields\":[{\"name\":\"a\",\"type\":" + chain
                    + "},{\"name\":\"b\",\"type\":\"T" + (at - 1) + "\"}]}";
        }
        String deep = "{\"type\":\"array\",\"items\":".repeat(100_000) + "\"null\"" + "}".repeat(100_000);
        return Stream.of(
                Arguments.of("broken", "{\"type\": \"recor\"}", ""),
                Arguments.of(
                        "a-name-twice",
                        record(
                                "ItemEvent",
                                """
                        {"name": "a", "aliases": ["item_id"], "type": "string"},
                        {"name": "b", "aliases": ["item_id"], "type": "string"}"""),
                        "Duplicate field item_id"),
                Arguments.of("a-part", record("A", "{\"name\": \"value\", \"type\": \"Elsewhere\"}"), "Elsewhere"),
                Arguments.of("itself", record("A", "{\"name\":\"next\",\"type\":[\"null\",\"A\"]}"), "at most"),
                Arguments.of("doubling", chain, "at most"),
                Arguments.of("deep", deep, "at most"),
                Arguments.of("long", record("x".repeat(2_000_000), ""), "at most"));
    }

    private static String record(String name, String fields) {
        return "{\"type\": \"record\", \"name\": \"" + name + "\", \"namespace\": \"dev.millrace.avro\", \"fields\": ["
                + fields + "]}";
    }

    private static AvroWire wire(Optional<Path> directory) {
        return new AvroWire(
                new WireSettings(WireSettings.Format.SINGLE_OBJECT, Optional.empty(), "", directory, Streams.limits()));
    }

    private static String line(Schema schema) {
        return "%s %016x".formatted(schema.getName(), SchemaNormalization.parsingFingerprint64(schema));
    }

    private static Schema withAnotherField(Schema schema) {
        List<Schema.Field> fields = new ArrayList<>();
        schema.getFields().forEach(field -> fields.add(new Schema.Field(field, field.schema())));
        fields.add(new Schema.Field("experiment", Schema.create(Schema.Type.STRING), "of the producer's own"));
        return Schema.createRecord(schema.getName(), schema.getDoc(), schema.getNamespace(), false, fields);
    }

    private static byte[] written(Schema schema) throws IOException {
        return written(schema, "");
    }

    private static byte[] written(Schema schema, String prefix) throws IOException {
        GenericData.Record exposure = new GenericData.Record(schema);
        exposure.put(prefix + "exposure_id", "e1");
        exposure.put(prefix + "user_id", "u1");
        exposure.put(prefix + "item_id", "i1");
        exposure.put(prefix + "time", Streams.T0);
        exposure.put(prefix + "produced_at", 0L);
        exposure.put(prefix + "context", Map.of());
        if (schema.getField(prefix + "experiment") != null) {
            exposure.put(prefix + "experiment", "b");
        }
        ByteBuffer encoded = new BinaryMessageEncoder<>(new GenericData(), schema).encode(exposure);
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return bytes;
    }
}
