package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.avro.ExposureEvent;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.stream.Streams;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.message.BinaryMessageEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriterSchemasTest {

    private static final Path EVER_WRITTEN = Path.of("src/millrace/test/resources/schemas-ever-written.txt");

    @Test
    void everySchemaThatWasEverWrittenIsStillKnown() throws IOException {
        TreeSet<String> known = new TreeSet<>();
        GeneratedClasses.TOPIC_SCHEMAS.forEach(schema -> known.add(line(schema)));
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
            Schema today = GeneratedClasses.TOPIC_SCHEMAS.stream()
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
    void producerWithAFieldOfItsOwnIsReadOnceItsSchemaIsInTheDirectory(@TempDir Path directory) throws IOException {
        Schema extended = withAnotherField(ExposureEvent.getClassSchema());
        byte[] written = written(extended);
        Files.writeString(directory.resolve("exposure-2.avsc"), extended.toString());

        AvroWire informed = wire(Optional.of(directory));

        assertThat(informed.decode(ExposureEvent.class, written).getUserId()).isEqualTo("u1");
        assertThatThrownBy(() -> wire(Optional.empty()).decode(ExposureEvent.class, written))
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

        ExposureEvent read = wire(Optional.of(directory)).decode(ExposureEvent.class, written(theirs, "their_"));

        assertThat(read.getUserId()).isEqualTo("u1");
        assertThat(read.getTime()).isEqualTo(Instant.ofEpochMilli(Streams.T0));
    }

    @Test
    void fileOfTheDirectoryThatIsNoSchemaIsNamed(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("broken.avsc"), "{\"type\": \"recor\"}");

        assertThatThrownBy(() -> wire(Optional.of(directory)))
                .hasMessageContaining("schema.directory")
                .hasMessageContaining("broken.avsc is no Avro schema");
    }

    @Test
    void fileWithTwoFieldsThatWouldGetOneNameIsNamed(@TempDir Path directory) throws IOException {
        Files.writeString(
                directory.resolve("twice.avsc"),
                """
                {"type": "record", "name": "ItemEvent", "namespace": "dev.millrace.avro", "fields": [
                  {"name": "a", "aliases": ["item_id"], "type": "string"},
                  {"name": "b", "aliases": ["item_id"], "type": "string"}]}
                """);

        assertThatThrownBy(() -> wire(Optional.of(directory)))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("twice.avsc is no Avro schema that is whole: Duplicate field item_id");
    }

    @Test
    void shippedSchemasAreUsableAsTheDirectory() {
        assertThat(wire(Optional.of(Path.of("schemas")))).isNotNull();
    }

    @Test
    void fileOfTheDirectoryThatRefersToAnotherFileIsNamed(@TempDir Path directory) throws IOException {
        Files.writeString(
                directory.resolve("part.avsc"),
                """
                {"type": "record", "name": "Theirs", "fields": [{"name": "value", "type": "Elsewhere"}]}""");

        assertThatThrownBy(() -> wire(Optional.of(directory)))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("part.avsc is no Avro schema that is whole")
                .hasMessageContaining("Elsewhere");
    }

    @Test
    void schemaThatContainsItselfOrGrowsWithoutBoundIsRefusedByItsFile(@TempDir Path directory) throws IOException {
        String chain = "{\"type\":\"record\",\"name\":\"T0\",\"fields\":[]}";
        for (int at = 1; at <= 30; at++) { // T30 holds 2^30 of T0
            chain = "{\"type\":\"record\",\"name\":\"T" + at + "\",\"fields\":[{\"name\":\"a\",\"type\":" + chain
                    + "},{\"name\":\"b\",\"type\":\"T" + (at - 1) + "\"}]}";
        }
        Map<String, String> bad = Map.of(
                "itself",
                "{\"type\":\"record\",\"name\":\"A\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\",\"A\"]}]}",
                "doubling",
                chain,
                "deep",
                "{\"type\":\"array\",\"items\":".repeat(100_000) + "\"null\"" + "}".repeat(100_000),
                "long",
                "{\"type\":\"record\",\"name\":\"A\",\"doc\":\"" + "x".repeat(2_000_000) + "\",\"fields\":[]}");
        for (Map.Entry<String, String> schema : bad.entrySet()) {
            Path file = directory.resolve(schema.getKey() + ".avsc");
            Files.writeString(file, schema.getValue());

            assertThatThrownBy(() -> wire(Optional.of(directory)))
                    .hasMessageContaining(file.getFileName() + " is no Avro schema")
                    .hasMessageContaining("at most");
            Files.delete(file);
        }
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
        exposure.put(prefix + "experiment", "b");
        ByteBuffer encoded = new BinaryMessageEncoder<>(new GenericData(), schema).encode(exposure);
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return bytes;
    }
}
