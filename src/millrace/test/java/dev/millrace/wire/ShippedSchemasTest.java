package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaFormatter;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.SchemaParser;
import org.junit.jupiter.api.Test;

/**
 * The schemas that are shipped: each is whole, made of the parts that the classes are generated from.
 *
 * <p>If a part changes, run {@link #main} and paste the table that it prints into docs/topics.md.
 */
class ShippedSchemasTest {

    private static final Path PARTS = Path.of("src/millrace/main/avro");
    private static final Path SHIPPED = Path.of("schemas");
    private static final String ROW = "| [`";

    @Test
    void eachFileIsWhatItsPartsMake() throws IOException {
        SortedMap<String, String> shipped = new TreeMap<>();
        for (Path file : avroFiles(SHIPPED)) {
            shipped.put(name(file), Files.readString(file));
        }

        assertThat(shipped).isEqualTo(made());
    }

    @Test
    void documentedFingerprintsAreThoseOfTheSchemas() throws IOException {
        List<String> documented = Files.readAllLines(Path.of("docs/topics.md")).stream()
                .filter(line -> line.startsWith(ROW))
                .toList();

        assertThat(documented).isEqualTo(table());
    }

    /** Writes the files anew, and prints the table of their fingerprints. */
    public static void main(String[] arguments) throws IOException {
        for (Path file : avroFiles(SHIPPED)) {
            Files.delete(file);
        }
        for (Map.Entry<String, String> file : made().entrySet()) {
            Files.writeString(SHIPPED.resolve(file.getKey()), file.getValue());
        }
        table().forEach(System.out::println);
    }

    private static SortedMap<String, String> made() throws IOException {
        List<String> ofTopics =
                WriterSchemas.TODAY.stream().map(Schema::getFullName).toList();
        SchemaParser parser = new SchemaParser();
        Map<Path, SchemaParser.ParseResult> parts = new TreeMap<>();
        for (Path file : avroFiles(PARTS)) {
            parts.put(file, parser.parse(file));
        }
        SortedMap<String, String> made = new TreeMap<>();
        parts.forEach((file, part) -> {
            Schema schema = part.mainSchema();
            if (ofTopics.contains(schema.getFullName())) {
                made.put(name(file), SchemaFormatter.format("json/pretty", schema) + "\n");
            }
        });
        return made;
    }

    private static List<String> table() throws IOException {
        return avroFiles(SHIPPED).stream()
                .map(file -> ROW + name(file) + "`](../schemas/" + name(file) + ") | `"
                        + parsed(file).getName() + "` | `" + onTheWire(parsed(file)) + "` |")
                .toList();
    }

    /** The fingerprint as it stands in a value: its lowest byte first. */
    private static String onTheWire(Schema schema) {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(SchemaNormalization.parsingFingerprint64(schema));
        return HexFormat.of().withUpperCase().formatHex(bytes.array());
    }

    /** A file that is read alone. */
    private static Schema parsed(Path file) {
        try {
            return new Schema.Parser().parse(Files.readString(file));
        } catch (IOException unreadable) {
            throw new AssertionError(file.toString(), unreadable);
        }
    }

    private static String name(Path file) {
        return file.getFileName().toString();
    }

    private static List<Path> avroFiles(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".avsc"))
                    .sorted()
                    .collect(Collectors.toList());
        }
    }
}
