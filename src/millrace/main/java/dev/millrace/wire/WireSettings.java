package dev.millrace.wire;

import dev.millrace.event.EventLimits;
import dev.millrace.settings.SettingsReader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** How values are written, and which are read. */
public record WireSettings(
        Format format,
        Optional<URI> registry,
        String authorization,
        Optional<Path> schemaDirectory,
        EventLimits limits) {

    private static final String URL = "schema.registry.url";
    private static final String HIDDEN = "(hidden)";

    /** @throws IllegalArgumentException if the URL has a user and password: messages name the URL */
    public WireSettings {
        if (registry.filter(WireSettings::isWithUser).isPresent()) {
            throw new IllegalArgumentException("the registry's URL must have no user and password");
        }
    }

    /** How a value names its schema. */
    public enum Format {
        /** Avro's own: C3 01, the schema's fingerprint, the value. */
        SINGLE_OBJECT,
        /** Confluent's: 00, the schema's id in a registry, the value. */
        CONFLUENT
    }

    public static WireSettings read(SettingsReader reader) {
        Format format = reader.choice(
                "wire.format: how written values name their schema; readers accept both, and JSON of producers",
                Format.SINGLE_OBJECT);
        Optional<URI> registry = registry(reader);
        String authorization =
                reader.text("schema.registry.authorization: Authorization header sent to the schema registry");
        reader.require(
                isHeader(authorization),
                "schema.registry.authorization",
                HIDDEN,
                "must be one line of ASCII, such as Basic and the base64 of user:password");
        Optional<Path> directory = reader.value(
                "schema.directory: directory of .avsc files, each a complete schema, for single-object values of "
                        + "newer or extended producers",
                WireSettings::directory,
                "must be a directory");
        reader.require(
                format == Format.SINGLE_OBJECT || registry.isPresent(),
                URL,
                "",
                "must be set for wire.format = confluent");
        return new WireSettings(
                format, registry, isHeader(authorization) ? authorization : "", directory, EventLimits.read(reader));
    }

    private static Optional<URI> registry(SettingsReader reader) {
        String text = reader.text(URL + ": URL of the schema registry, which wire.format = confluent needs");
        if (text.isBlank()) {
            return Optional.empty();
        }
        // whatever is before an @ may be user and password, also where the text is no URL
        String shown = text.replaceFirst("^([^/]*//)?.*@", "$1" + HIDDEN + "@");
        Optional<URI> whole = url(text);
        boolean isWithUser = whole.map(WireSettings::isWithUser).orElse(text.contains("@"));
        Optional<URI> url = whole.filter(usable -> !isWithUser);
        reader.require(
                url.isPresent(),
                URL,
                shown,
                isWithUser
                        ? "must have no user and password, which logs and messages would show: they belong in"
                                + " schema.registry.authorization, as Basic and the base64 of user:password"
                        : "must begin with http:// or https://, and name a host");
        return url;
    }

    private static boolean isWithUser(URI url) {
        return Optional.ofNullable(url.getRawUserInfo()).isPresent();
    }

    private static Optional<URI> url(String text) {
        try {
            URI url = URI.create(text);
            boolean isUsable = (text.startsWith("http://") || text.startsWith("https://")) && url.getHost() != null;
            return isUsable ? Optional.of(url) : Optional.empty();
        } catch (IllegalArgumentException malformed) {
            return Optional.empty();
        }
    }

    /** Whether it can be a header's value; the client would show in its message what cannot. */
    private static boolean isHeader(String text) {
        return text.chars().allMatch(letter -> letter >= ' ' && letter <= '~');
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
