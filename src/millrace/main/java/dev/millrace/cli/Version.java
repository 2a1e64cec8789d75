package dev.millrace.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints: this build, the Kafka on the class path, and the Java that runs both. */
final class Version implements IVersionProvider {

    private static final String UNKNOWN = "unknown";

    @Override
    public String[] getVersion() {
        Properties build = properties("/dev/millrace/cli/build.properties");
        return new String[] {
            "Millrace " + known(build, "version") + " (commit " + known(build, "commit") + ")",
            "Kafka " + known(properties("/kafka/kafka-version.properties"), "version"),
            "Java " + System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ", "
                    + System.getProperty("os.name") + " " + System.getProperty("os.arch") + ")"
        };
    }

    /** The value, unless the build left its placeholder. */
    private static String known(Properties properties, String key) {
        String value = properties.getProperty(key, UNKNOWN);
        return value.isBlank() || value.startsWith("${") ? UNKNOWN : value;
    }

    private static Properties properties(String resource) {
        Properties properties = new Properties();
        try (@Nullable InputStream in = Version.class.getResourceAsStream(resource)) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException("reading this program's own " + resource, unreadable);
        }
        return properties;
    }
}
