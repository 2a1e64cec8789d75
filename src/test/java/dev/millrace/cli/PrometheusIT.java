package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.app.IngestProcess;
import dev.millrace.app.MillraceSettings;
import dev.millrace.topic.EmbeddedBroker;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The alert rules and the dashboard: that what they ask for is there, and that the rules say what they should. */
class PrometheusIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Path PROMTOOL = Path.of("/usr/bin/promtool");
    private static final Path RULES = Path.of("config/prometheus/alerts.yml").toAbsolutePath();
    private static final Path TESTS =
            Path.of("config/prometheus/alerts.test.yml").toAbsolutePath();
    private static final Path DASHBOARD = Path.of("config/grafana/millrace.json");
    private static final Path RUN_BOOK = Path.of("docs/runbook.md");

    private final HttpClient client = HttpClient.newHttpClient();
    private final Path directory;

    PrometheusIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void aRunningDemoGivesEveryMetricThatRulesAndDashboardAskFor() throws Exception {
        SortedSet<String> asked = found("\\b((?:millrace|jvm|process|system)_[a-z_]+)", Files.readString(RULES));
        asked.addAll(found("\\b((?:millrace|jvm|process|system)_[a-z_]+)", Files.readString(DASHBOARD)));
        assertThat(asked).hasSizeGreaterThan(30);
        List<String> arguments = new ArrayList<>(List.of("demo", "--speed", "60/s", "--dir", "demo"));
        arguments.addAll(List.of("--set", "serve.port=0", "--set", "batch.size=16"));
        arguments.addAll(GeneratedShop.OPTIONS);
        try (MillraceProcess demo = MillraceProcess.start(directory, "demo", arguments.toArray(String[]::new))) {
            String url = demo.awaitOutput("page +(\\S+)");
            await("answers")
                    .atMost(PATIENCE)
                    .until(() -> get(url + "/v1/recall?user=u1&k=10").statusCode() == 200);
            await("metrics").atMost(PATIENCE).untilAsserted(() -> assertThat(
                            given(get(url + "/metrics").body()))
                    .containsAll(asked));

            String scrape = get(url + "/metrics").body();
            Outcome lint = promtool(scrape, "check", "metrics");

            // names of Kafka and the JVM are their own, as every dashboard of theirs expects them
            assertThat(lint.said.lines().filter(line -> line.contains("millrace")))
                    .isEmpty();
        }
    }

    @Test
    void theMetricsOfIngestAreNamedAsPrometheusAsksFor() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"))) {
            Map<String, String> settings =
                    Map.of("kafka.bootstrap.servers", broker.bootstrapServers(), "ingest.port", "0");
            assertThat(new Commands().run(settings, "topics", "create")).isZero();
            try (IngestProcess ingest = IngestProcess.start(
                    MillraceSettings.load(List.of(), Map.of(), Map.of(), settings),
                    new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
                HttpRequest unusable = HttpRequest.newBuilder(URI.create(ingest.url() + "/v1/events"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString("{\"clicks\": [{}]}"))
                        .build();
                assertThat(client.send(unusable, HttpResponse.BodyHandlers.discarding())
                                .statusCode())
                        .isEqualTo(422);
                String scrape = get(ingest.url() + "/metrics").body();

                Outcome lint = promtool(scrape, "check", "metrics");

                assertThat(given(scrape))
                        .contains(
                                "millrace_ingest_events_total",
                                "millrace_ingest_unusable_total",
                                "millrace_ingest_waiting_bytes",
                                "millrace_ready");
                assertThat(lint.said.lines().filter(line -> line.contains("millrace")))
                        .isEmpty();
            }
        }
    }

    @Test
    void eachRuleIsSilentInGoodTimesAndComesInBadOnes() throws Exception {
        String tests = Files.readString(TESTS);
        for (String alert : alerts()) {
            assertThat(tests).contains("name: " + alert + " stays away", "name: " + alert + " comes");
        }

        assertThat(promtool("", "check", "rules", RULES.toString()).status).isZero();
        Outcome outcome = promtool("", "test", "rules", TESTS.toString());
        assertThat(outcome.status).as(outcome.said).isZero();
    }

    @Test
    void eachAlertHasItsEntryInTheRunBookAndNamesIt() throws IOException {
        String rules = Files.readString(RULES);

        assertThat(found("(?m)^## (Millrace\\w+)$", Files.readString(RUN_BOOK))).isEqualTo(alerts());
        assertThat(found("runbook_url: docs/runbook\\.md#(\\w+)", rules))
                .containsExactlyElementsOf(alerts().stream()
                        .map(alert -> alert.toLowerCase(Locale.ROOT))
                        .sorted()
                        .toList());
    }

    private static SortedSet<String> alerts() throws IOException {
        return found("alert: (\\w+)", Files.readString(RULES));
    }

    private static SortedSet<String> given(String scrape) {
        return found("(?m)^([a-z_]+)[{ ]", scrape);
    }

    private static SortedSet<String> found(String pattern, String text) {
        SortedSet<String> found = new TreeSet<>();
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }

    private HttpResponse<String> get(String url) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private record Outcome(int status, String said) {}

    /** Runs Prometheus' own tool, which {@code .ci/run} installs. Without it the test is skipped, where CI is set it fails. */
    private Outcome promtool(String input, String... arguments) throws IOException, InterruptedException {
        assumeThat(Files.exists(PROMTOOL) || System.getenv("CI") != null).isTrue();
        List<String> command = new ArrayList<>(List.of(PROMTOOL.toString()));
        command.addAll(List.of(arguments));
        Path in = Files.writeString(directory.resolve("promtool.in"), input);
        Path out = directory.resolve("promtool.out");
        int status = new ProcessBuilder(command)
                .redirectInput(in.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start()
                .waitFor();
        return new Outcome(status, Files.readString(out, StandardCharsets.UTF_8));
    }
}
