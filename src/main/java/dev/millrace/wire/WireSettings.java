package dev.millrace.wire;

import dev.millrace.event.EventLimits;
import dev.millrace.settings.SettingsReader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How values are written, and which are read.
 *
 * @param format of what is written; both are read
 * @param registry the schema registry; needed to write {@code confluent} and to read it
 * @param authorization value of the Authorization header sent to it; blank for none
 * @param schemaDirectory further writers' schemas that a single-object value may name
 * @param limits of the events that are read
 */
public record WireSettings(
        Format format,
        Optional<URI> registry,
        String authorization,
        Optional<Path> schemaDirectory,
        EventLimits limits) {

    /** How a value names its schema. */
    public enum Format {
        /** Avro's own: C3 01, the schema's fingerprint, the value. */
        SINGLE_OBJECT,
        /** Confluent's: 00, the schema's id in a registry, the value. */
        CONFLUENT
    }

    public static WireSettings read(SettingsReader reader) {
        Format format = reader.choice(
                "wire.format",
                Format.SINGLE_OBJECT,
                "how written values name their schema; readers accept both, and JSON from producers");
        Optional<URI> registry = reader.value(
                "schema.registry.url",
                "",
                WireSettings::url,
                "must begin with http:// or https://, and name a host",
                "the schema registry; needed for wire.format = confluent");
        String authorization =
                reader.text("schema.registry.authorization", "", "Authorization header sent to the schema registry");
        Optional<Path> directory = reader.value(
                "schema.directory",
                "",
                WireSettings::directory,
                "must be a directory",
                "directory of .avsc files, each a complete schema, for single-object values of newer or extended producers");
        reader.require(
                format == Format.SINGLE_OBJECT || registry.isPresent(),
                "schema.registry.url",
                "",
                "must be set for wire.format = confluent");
        return new WireSettings(format, registry, authorization, directory, EventLimits.read(reader));
    }

    private static Optional<URI> url(String text) {
        if (text.isBlank()) {
            return Optional.empty();
        }
        URI url = URI.create(text);
        boolean isUsable = (text.startsWith("http://") || text.startsWith("https://")) && url.getHost() != null;
        if (!isUsable) {
            throw new IllegalArgumentException(text);
        }
        return Optional.of(url);
    }

    private static Optional<Path> directory(String text) {
        if (text.isBlank()) {
            return Optional.empty();
        }
        Path directory = Path.of(text);
        if (!Files.isDirectory(directory)) {
            throw new IllegalArgumentException(text);
        }
        return Optional.of(directory);
    }
}
