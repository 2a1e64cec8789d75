package dev.millrace.stream;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaParseException;
import org.apache.avro.message.SchemaStore;

/**
 * The schemas that a single-object value may have been written with: today's, those of earlier releases, and those of a directory
 * that the operator fills for producers which are ahead or have fields of their own.
 */
final class WriterSchemas {

    private static final String PAST = "past-schemas.jsonl";

    private WriterSchemas() {}

    /**
     * All of them, by fingerprint.
     *
     * @param directory of {@code .avsc} files, each a schema that is whole
     * @throws UncheckedIOException if the directory cannot be read, or a file of it is no schema
     */
    static SchemaStore.Cache all(Optional<Path> directory) {
        SchemaStore.Cache schemas = new SchemaStore.Cache();
        GeneratedClasses.TOPIC_SCHEMAS.forEach(schemas::addSchema);
        past().forEach(schemas::addSchema);
        directory.map(WriterSchemas::in).orElse(List.of()).forEach(schemas::addSchema);
        return schemas;
    }

    /** What earlier releases wrote and this one no longer does; a schema that changes is added here as it was. */
    static List<Schema> past() {
        try (InputStream resource =
                Objects.requireNonNull(WriterSchemas.class.getResourceAsStream(PAST), "this program's own " + PAST)) {
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> new Schema.Parser().parse(line))
                    .toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("reading this program's own " + PAST, unreadable);
        }
    }

    private static List<Schema> in(Path directory) {
        List<Schema> schemas = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".avsc"))
                    .sorted()
                    .toList()) {
                try {
                    schemas.add(new Schema.Parser().parse(Files.readString(file, StandardCharsets.UTF_8)));
                } catch (SchemaParseException broken) {
                    throw new IOException(file + " is no Avro schema that is whole: " + broken.getMessage(), broken);
                }
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException("schema.directory = " + directory + ": " + unreadable, unreadable);
        }
        return schemas;
    }
}
