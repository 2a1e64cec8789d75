package dev.millrace.faults;

import dev.millrace.cli.MillraceProcess;
import dev.millrace.topic.EmbeddedBroker;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The release of Kafka that brokers of experiments are of: {@code -Dfaults.broker=4.2.0}, or else the one that Millrace is built with.
 *
 * <p>A broker of another release is a process with the jars of that release alone. Maven resolves them, by the project {@code src/workshop/test/brokers}.
 */
final class BrokerRelease {

    private static final String BUILT_WITH = "";
    private static final String NAME = System.getProperty("faults.broker", BUILT_WITH);

    private BrokerRelease() {}

    /** Whether its brokers lose the end of a transaction whose partitions have no leader (KAFKA-20734). */
    static boolean losesEnds() {
        return !NAME.startsWith("4.2.");
    }

    /** How to start a broker of it; the arguments are those of {@code millrace broker}. */
    static MillraceProcess.Launch launch() throws IOException, InterruptedException {
        if (NAME.equals(BUILT_WITH)) {
            return MillraceProcess.Launch.PROGRAM;
        }
        String own = place(EmbeddedBroker.class) + File.pathSeparator + place(BrokerMain.class);
        return MillraceProcess.Launch.PROGRAM.of(BrokerMain.class).onClassPath(own + File.pathSeparator + jars());
    }

    private static synchronized String jars() throws IOException, InterruptedException {
        Path file = Path.of("target/brokers", NAME + ".classpath").toAbsolutePath();
        if (!Files.exists(file)) {
            int status = new ProcessBuilder(
                            "mvn",
                            "-B",
                            "-q",
                            "-f",
                            "src/workshop/test/brokers/pom.xml",
                            "-Dkafka.version=" + NAME,
                            "dependency:build-classpath",
                            "-Dmdep.includeScope=runtime",
                            "-Dmdep.outputFile=" + file)
                    .inheritIO()
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new IOException("Maven did not find the broker of Kafka " + NAME + ": exit status " + status);
            }
        }
        return Files.readString(file).strip();
    }

    /** The folder or jar that a class is from. */
    private static Path place(Class<?> type) throws IOException {
        URI location;
        try {
            location = type.getProtectionDomain().getCodeSource().getLocation().toURI();
        } catch (URISyntaxException unusable) {
            throw new IOException(unusable);
        }
        return Path.of(location);
    }
}
