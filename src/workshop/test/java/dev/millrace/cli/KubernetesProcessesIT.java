package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.access.PemCertificates;
import dev.millrace.state.Sha256;
import dev.millrace.topic.EmbeddedBroker;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The processes of the manifests, without a cluster: their arguments, environments and JVM options, asked on the paths of their probes, and
 * stopped as a kubelet stops them.
 */
@Tag("slow")
class KubernetesProcessesIT {

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Duration GRACE = Duration.ofSeconds(30); // in which a process closes
    private static final String TOKEN = "of-a-test";
    private static final int SIGTERM = 128 + 15;

    private final Path directory;
    private final HttpClient client;

    KubernetesProcessesIT(@TempDir Path directory) throws Exception {
        this.directory = directory;
        SSLContext any = SSLContext.getInstance("TLS");
        any.init(null, SslContextFactory.TRUST_ALL_CERTS, null); // as a kubelet: it asks for no name
        client = HttpClient.newBuilder().sslContext(any).build();
    }

    @Test
    void theyStartAnswerTheirProbesAndStop() throws Exception {
        Manifests demo = Manifests.read(Manifests.rendered(Path.of("config/k8s/overlays/demo")));
        Manifests base = Manifests.read(Manifests.rendered(Path.of("config/k8s/base")));
        Manifests scraped =
                Manifests.read(Files.readString(Path.of("config/k8s/components/pod-monitor/pod-monitors.yaml")));
        Manifests ofIngest =
                Manifests.read(Files.readString(Path.of("config/k8s/components/ingest-pod-monitor/pod-monitor.yaml")));
        ManifestContainer ingest = withIngest().container("ingest");
        PemCertificates.write(directory, "one", "EC");
        Files.writeString(directory.resolve("tokens"), "read sha256:" + Sha256.hex(TOKEN) + "\n");
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"))) {
            try (MillraceProcess topics = start(demo.container("topics"), broker)) {
                assertThat(topics.awaitExit(PATIENCE)).as(topics.output()).isZero();
            }
            try (MillraceProcess trainer = start(demo.container("trainer"), broker);
                    MillraceProcess server = start(base.container("server"), broker);
                    MillraceProcess taker = start(ingest, broker);
                    MillraceProcess replay = start(demo.container("replay"), broker, "--events", "1000")) {
                assertThat(replay.awaitExit(PATIENCE)).as(replay.output()).isZero();
                String trainerUrl = trainer.awaitOutput("health and metrics (http://\\S+)");
                String serverUrl = server.awaitOutput("recall API (https://\\S+)");
                String ingestUrl = taker.awaitOutput("events (https://\\S+)/v1/events");

                probesAreAnswered(demo.container("trainer"), trainerUrl);
                probesAreAnswered(base.container("server"), serverUrl);
                probesAreAnswered(ingest, ingestUrl);
                assertThat(get(trainerUrl + path(scraped, "millrace-trainer"), "")
                                .statusCode())
                        .isEqualTo(200);
                assertThat(get(serverUrl + path(scraped, "millrace-server"), TOKEN)
                                .statusCode())
                        .isEqualTo(200);
                assertThat(get(serverUrl + path(scraped, "millrace-server"), "").statusCode())
                        .isEqualTo(401);
                assertThat(get(ingestUrl + path(ofIngest, "millrace-ingest"), TOKEN)
                                .statusCode())
                        .isEqualTo(200);
                assertThat(get(ingestUrl + "/metrics", "").statusCode()).isEqualTo(401);
                assertThat(trainer.output())
                        .contains("Heap when full: ", "{\"time\":")
                        .as("the heap is large enough for the settings")
                        .doesNotContain("The settings allow ");

                stopsInTime(demo.container("trainer"), trainer);
                stopsInTime(base.container("server"), server);
                stopsInTime(ingest, taker);
            }
        }
    }

    /** The base with the component that takes events over HTTP. */
    private Manifests withIngest() throws Exception {
        Path own = Files.createDirectory(directory.resolve("with-ingest"));
        Path shipped = own.toRealPath().relativize(Path.of("config/k8s").toRealPath());
        Files.writeString(
                own.resolve("kustomization.yaml"),
                "resources: [" + shipped + "/base]\ncomponents: [" + shipped + "/components/ingest]\n");
        return Manifests.read(Manifests.rendered(own));
    }

    private void probesAreAnswered(ManifestContainer container, String url) {
        for (Probe probe : List.of(
                container.container().getStartupProbe(),
                container.container().getLivenessProbe(),
                container.container().getReadinessProbe())) {
            HTTPGetAction asked = probe.getHttpGet();
            String scheme =
                    asked.getScheme() == null ? "http" : asked.getScheme().toLowerCase(Locale.ROOT);
            assertThat(URI.create(url).getScheme()).isEqualTo(scheme);
            await(container + asked.getPath())
                    .atMost(PATIENCE)
                    .until(() -> get(url + asked.getPath(), "").statusCode() == 200);
        }
    }

    private static void stopsInTime(ManifestContainer container, MillraceProcess process) throws InterruptedException {
        process.terminate();

        assertThat(process.awaitExit(GRACE)).as(process.output()).isEqualTo(SIGTERM);
        assertThat(GRACE.toSeconds()).isLessThan(container.pod().getSpec().getTerminationGracePeriodSeconds());
    }

    private static String path(Manifests scraped, String name) {
        return scraped.all(PodMonitor.class).stream()
                .filter(monitor -> monitor.getMetadata().getName().equals(name))
                .map(monitor ->
                        monitor.getSpec().getPodMetricsEndpoints().get(0).getPath())
                .findFirst()
                .orElseThrow();
    }

    private HttpResponse<String> get(String url, String token) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Starts a container's process with its files in the directory of the test, on ports that are free. */
    private MillraceProcess start(ManifestContainer container, EmbeddedBroker broker, String... more)
            throws IOException {
        Path home = Files.createDirectory(directory.resolve(container.name()));
        Map<String, String> environment = new TreeMap<>(container.environment());
        environment.putAll(Map.of(
                "MILLRACE_KAFKA_BOOTSTRAP_SERVERS",
                broker.bootstrapServers(),
                "MILLRACE_TRAIN_HTTP_PORT",
                "0",
                "MILLRACE_SERVE_PORT",
                "0",
                "MILLRACE_INGEST_PORT",
                "0",
                "MILLRACE_HOME",
                Path.of("").toAbsolutePath().toString()));
        environment.replaceAll((name, value) -> value.replace("/run/millrace/tls/tls", directory + "/server")
                .replace("/run/millrace/tokens", directory.toString()));
        List<String> arguments = new ArrayList<>();
        for (String each : container.container().getArgs()) {
            arguments.add(each.startsWith("/") ? copied(container, Path.of(each), home) : each);
        }
        arguments.addAll(List.of(more));
        List<String> options = new ArrayList<>(
                Stream.of(environment.getOrDefault("MILLRACE_JAVA_OPTIONS", "").split(" ", -1))
                        .filter(option -> !option.isEmpty())
                        .toList());
        options.add("-Xmx" + environment.getOrDefault("MILLRACE_HEAP", "2g"));
        options.addAll(List.of("--add-modules", "jdk.incubator.vector"));
        return MillraceProcess.start(
                MillraceProcess.Launch.PROGRAM.with(options).with(environment),
                home,
                container.name(),
                arguments.toArray(String[]::new));
    }

    /** A file as the container sees it. */
    private static String copied(ManifestContainer container, Path file, Path home) throws IOException {
        return Files.writeString(
                        home.resolve(file.getFileName()),
                        container.content(file).orElseThrow())
                .toString();
    }
}
