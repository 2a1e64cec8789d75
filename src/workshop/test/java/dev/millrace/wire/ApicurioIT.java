package dev.millrace.wire;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.avro.ExposureEvent;
import dev.millrace.cli.MillraceProcess;
import dev.millrace.cli.OtherJava;
import dev.millrace.stream.Streams;
import dev.millrace.topic.FreePort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real schema registry, Apicurio's: {@code -Dregistry.apicurio=3.3.3}, skipped without. Maven resolves the program, of 158 MB. It
 * needs Java 21, so it runs on the JDK 25 beside the build's.
 */
class ApicurioIT {

    private static final String RELEASE = System.getProperty("registry.apicurio", "");
    private static final String MAIN = "io.quarkus.bootstrap.runner.QuarkusEntryPoint";

    private final ExposureEvent exposure = AvroBytes.exposure("e1", "u1", "i1", T0);

    private static Optional<MillraceProcess> registry = Optional.empty();
    private static String url = "";

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        assumeTrue(!RELEASE.isEmpty(), "-Dregistry.apicurio names no release");
        int port = FreePort.find();
        MillraceProcess.Launch launch = new MillraceProcess.Launch(
                OtherJava.home(25),
                program().resolve("quarkus-run.jar").toString(),
                MAIN,
                List.of("-Xmx512m"),
                Map.of(
                        "QUARKUS_HTTP_HOST",
                        "127.0.0.1",
                        "QUARKUS_HTTP_PORT",
                        Integer.toString(port),
                        "QUARKUS_MANAGEMENT_HOST",
                        "127.0.0.1",
                        "QUARKUS_MANAGEMENT_PORT",
                        Integer.toString(FreePort.find())));
        registry = Optional.of(MillraceProcess.start(launch, directory, "registry"));
        url = "http://127.0.0.1:" + port + "/apis/ccompat/v7";
        await().atMost(Duration.ofMinutes(2)).ignoreExceptions().until(() -> subjects()
                .equals("[]"));
    }

    @AfterAll
    static void stop() throws InterruptedException {
        if (registry.isPresent()) {
            registry.get().close();
        }
    }

    @Test
    void whatOneWritesAnotherReads() {
        byte[] bytes = AvroBytes.encode(wire(), "exposures", exposure);

        assertThat(bytes[0]).isZero(); // then the id of the schema
        assertThat(AvroBytes.decode(wire(), ExposureEvent.class, bytes)).isEqualTo(exposure);
        assertThat(AvroBytes.encode(wire(), "exposures", exposure))
                .isEqualTo(bytes); // registered again, it has the same id
    }

    @Test
    void theDemoRunsThroughIt(@TempDir Path directory) throws Exception {
        try (MillraceProcess demo = MillraceProcess.start(
                directory,
                "demo",
                "demo",
                "--until-end",
                "--speed",
                "max",
                "--events",
                "3000",
                "--dir",
                "demo",
                "--set",
                "wire.format=confluent",
                "--set",
                "schema.registry.url=" + url)) {
            assertThat(demo.awaitExit(Duration.ofMinutes(3))).as(demo.output()).isZero();
            assertThat(demo.output()).containsPattern("(?m)^\\| model .*\\| 0\\.\\d+ ");
        }
        assertThat(subjects())
                .contains("exposures-value", "clicks-value", "items-value", "users-value")
                .contains("training-examples-value", "mini-batches-value", "item-embeddings-value");
    }

    /** A client that has asked nothing yet. */
    private static AvroWire wire() {
        return new AvroWire(new WireSettings(
                WireSettings.Format.CONFLUENT, Optional.of(URI.create(url)), "", Optional.empty(), Streams.limits()));
    }

    private static String subjects() throws IOException, InterruptedException {
        return answer(HttpRequest.newBuilder(URI.create(url + "/subjects"))).body();
    }

    private static HttpResponse<String> answer(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static Path program() throws IOException, InterruptedException {
        Path unpacked = Path.of("target/apicurio", RELEASE).toAbsolutePath();
        if (!Files.exists(unpacked.resolve("quarkus-run.jar"))) {
            int status = new ProcessBuilder(
                            "mvn",
                            "-B",
                            "-q",
                            "dependency:unpack",
                            "-Dartifact=io.apicurio:apicurio-registry-app:" + RELEASE + ":tar.gz:all",
                            "-DoutputDirectory=" + unpacked)
                    .inheritIO()
                    .start()
                    .waitFor();
            assertThat(status).as("Maven's status").isZero();
        }
        return unpacked;
    }
}
