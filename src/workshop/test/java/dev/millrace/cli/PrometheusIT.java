package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.topic.FreePort;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The alert rules and the dashboard: that what they ask for is there, and that the rules say what they should. */
@Tag("slow")
class PrometheusIT {

    private static final long T0 = 1_767_225_600_000L; // 2026-01-01
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Path PROMTOOL = Path.of("/usr/bin/promtool");
    private static final Path RULES = Path.of("config/prometheus/alerts.yml").toAbsolutePath();
    private static final Path TESTS =
            Path.of("config/prometheus/alerts.test.yml").toAbsolutePath();
    private static final Path DASHBOARD = Path.of("config/grafana/millrace.json");
    private static final Path RUN_BOOK = Path.of("docs/runbook.md");

    private final Path directory;

    PrometheusIT(@TempDir Path directory) {
        this.directory = directory;
    }

    /** The rules must not wait for labels or values that no process gives. */
    @Test
    void processesGiveTheMetricsThatRulesSelect() throws Exception {
        List<String> training = List.of("train.http.port=" + FreePort.find(), "batch.size=16");
        try (ProgramCluster cluster = new ProgramCluster(directory)) {
            cluster.run("topics", "create");
            MillraceProcess train = cluster.start(training, "train");
            MillraceProcess serve = cluster.start(List.of("serve.port=0"), "serve");
            MillraceProcess ingest = cluster.start(List.of("ingest.port=0"), "ingest");
            HttpProbe trainer = new HttpProbe(train.awaitOutput("health and metrics (\\S+)"));
            HttpProbe server = new HttpProbe(serve.awaitOutput("recall API (\\S+)"));
            HttpProbe events = new HttpProbe(ingest.awaitOutput("events (http://\\S+)/v1/events"));
            cluster.run(GeneratedShop.replay(2_000));
            sendAClickWithoutAValue(cluster.bootstrapServers());
            assertThat(events.post("/v1/events", "{\"clicks\": [{}]}").statusCode())
                    .isEqualTo(422);
            assertThat(events.isReady()).isTrue();
            await("answers").atMost(PATIENCE).until(() -> asked(server) == 200);
            asked(server); // a question in a body too
            await("a rejected click").atMost(PATIENCE).untilAsserted(() -> assertThat(trainer.text("/metrics"))
                    .contains("millrace_dead_letters_total{reason=\"null-value\",topic=\"clicks\"} 1.0"));
            cluster.run("verify", "--counts", "--record");
            await("what was verified").atMost(PATIENCE).untilAsserted(() -> assertThat(server.text("/metrics"))
                    .contains("millrace_verification_agrees{of=\"books\"} 1.0"));

            String ofTrainer = trainer.text("/metrics");
            String ofServer = server.text("/metrics");
            String ofIngest = events.text("/metrics");
            Metrics all = Metrics.of(ofTrainer + ofServer + ofIngest);

            String asking = Files.readString(RULES) + Files.readString(DASHBOARD);
            assertThat(given(ofTrainer + ofServer + ofIngest))
                    .contains("kafka_stream_thread_commit_total", "millrace_verification_age_seconds")
                    .contains("millrace_ingest_unusable_total")
                    .containsAll(found("\\b((?:millrace|jvm|process|system)_[a-z_]+)", asking));
            for (String each : List.of(ofTrainer, ofServer, ofIngest)) {
                assertThat(given(each)).contains("jvm_memory_used_bytes");
                assertThat(promtool(each, "check", "metrics").said.lines())
                        .noneMatch(line -> line.contains("millrace"));
            }
            List<Rule> rules = Rule.all(Files.readString(RULES));
            assertThat(rules).hasSameSizeAs(alerts());
            assertThat(rules.stream().flatMap(rule -> rule.faults(all).stream()))
                    .isEmpty();
            assertThat(panels().stream().flatMap(panel -> panel.faults(all).stream()))
                    .isEmpty();

            train.kill();
            MillraceProcess again = cluster.start(training, "train");
            String rejected = "millrace_events_total{outcome=\"rejected\",topic=\"clicks\"}";
            String first = firstWith(rejected, trainer);

            assertThat(again.isAlive()).isTrue();
            assertThat(figure(first, "millrace_learn_positives_total"))
                    .isGreaterThanOrEqualTo(figure(ofTrainer, "millrace_learn_positives_total"))
                    .isPositive();
            assertThat(figure(first, rejected)).isEqualTo(1);
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
    void eachExpressionOfTheDashboardIsOne() throws Exception {
        StringBuilder rules = new StringBuilder("groups:\n  - name: dashboard\n    rules:\n");
        for (Rule panel : panels()) {
            rules.append("      - record: panel:" + panel.name() + "\n        expr: '" + panel.text() + "'\n");
        }
        Path file = Files.writeString(directory.resolve("dashboard.yml"), rules);

        Outcome outcome = promtool("", "check", "rules", file.toString());

        assertThat(outcome.status).as(outcome.said).isZero();
        assertThat(panels()).hasSizeGreaterThan(30);
    }

    /** The expressions of the dashboard, each under a number. */
    private static List<Rule> panels() throws IOException {
        List<String> expressions =
                new ObjectMapper().readTree(DASHBOARD.toFile()).findValuesAsText("expr");
        return IntStream.range(0, expressions.size())
                .mapToObj(at -> new Rule(Integer.toString(at), expressions.get(at)))
                .toList();
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

    /** The first answer of a server that has a metric. The server may not listen yet. */
    private static String firstWith(String metric, HttpProbe server) {
        return await(metric)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> scrapeOrNone(server), scrape -> scrape.contains(metric));
    }

    private static String scrapeOrNone(HttpProbe server) throws InterruptedException {
        try {
            return server.text("/metrics");
        } catch (IOException | AssertionError notYet) {
            return "";
        }
    }

    private static double figure(String scrape, String series) {
        return scrape.lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    /** It becomes a dead letter. */
    private static void sendAClickWithoutAValue(String bootstrap) throws Exception {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap);
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            // as old as the demo's first event: one that is newer than the exposures would wait for them
            producer.send(new ProducerRecord<String, String>("clicks", 0, T0, "u1", null))
                    .get();
        }
    }

    /** Asks what a server can be asked, and returns the status of a question about a user. */
    private static int asked(HttpProbe server) throws IOException, InterruptedException {
        server.status("/v1/similar?item=i1");
        server.status("/v1/items/i1");
        server.post("/v1/recall", "{\"user\": \"u1\"}");
        return server.status("/v1/recall?user=u1");
    }

    /** One rule: its name and what it says. */
    private record Rule(String name, String text) {
        /** Labels that Prometheus gives. */
        private static final Set<String> OF_TARGETS = Set.of("job", "instance");

        private static final Pattern SELECTOR = Pattern.compile("\\b(millrace_[a-z_]+)\\{([^}]*)}");
        private static final Pattern MATCHER = Pattern.compile("([a-z_]+)(=~|!=|!~|=)\"([^\"]*)\"");
        private static final Pattern GROUPS = Pattern.compile("\\b(?:by|on|ignoring|without) *\\(([^)]*)\\)");
        private static final Pattern SHOWN = Pattern.compile("\\$labels\\.([a-z_]+)");
        private static final Pattern FIXED = Pattern.compile("[a-z0-9|-]+");

        static List<Rule> all(String rules) {
            List<Rule> all = new ArrayList<>();
            for (String rule : rules.split("- alert: ", -1)) {
                if (rule.startsWith("Millrace")) {
                    all.add(new Rule(rule.substring(0, rule.indexOf('\n')), rule));
                }
            }
            return all;
        }

        /** What the rule asks for and no series of a scrape has. */
        List<String> faults(Metrics metrics) {
            List<String> faults = new ArrayList<>();
            SortedSet<String> names = found("\\b(millrace_[a-z_]+)", text);
            names.removeIf(metrics::has);
            names.forEach(name -> faults.add("no metric " + name));
            SELECTOR.matcher(text).results().forEach(selector -> MATCHER.matcher(selector.group(2))
                    .results()
                    .filter(matcher -> !OF_TARGETS.contains(matcher.group(1)))
                    .forEach(matcher -> values(matcher.group(2), matcher.group(3))
                            .filter(value -> !metrics.has(selector.group(1), matcher.group(1), value))
                            .forEach(value -> faults.add("no " + selector.group(1) + " with " + matcher.group(1)
                                    + (value.isEmpty() ? "" : " = " + value)))));
            SortedSet<String> labels = found(SHOWN, text);
            GROUPS.matcher(text)
                    .results()
                    .forEach(group -> labels.addAll(List.of(group.group(1).split(" *, *", -1))));
            labels.removeAll(OF_TARGETS);
            labels.remove(""); // of on ()
            labels.removeIf(label ->
                    found("\\b(millrace_[a-z_]+)", text).stream().anyMatch(name -> metrics.has(name, label, "")));
            labels.forEach(label -> faults.add("no metric of the rule has the label " + label));
            faults.replaceAll(fault -> name + ": " + fault);
            return faults;
        }

        /** The values that a matcher names; an empty one if it names none by itself. */
        private static Stream<String> values(String operator, String value) {
            boolean isFixed = operator.startsWith("=") && FIXED.matcher(value).matches();
            return isFixed ? Arrays.stream(value.split("\\|", -1)) : Stream.of("");
        }
    }

    /**
     * What a scrape has.
     *
     * @param series names with their labels, as they stand there
     */
    private record Metrics(List<String> series) {
        static Metrics of(String scrape) {
            return new Metrics(
                    scrape.lines().filter(line -> line.startsWith("millrace_")).toList());
        }

        boolean has(String name) {
            return series.stream().anyMatch(one -> one.startsWith(name + " ") || one.startsWith(name + "{"));
        }

        /** @param value empty for any */
        boolean has(String name, String label, String value) {
            Pattern labelled = Pattern.compile("\\Q" + name + "\\E\\{(.*,)?\\Q" + label + "\\E=\""
                    + (value.isEmpty() ? "" : Pattern.quote(value) + "\"") + ".*");
            return series.stream().anyMatch(one -> labelled.matcher(one).matches());
        }
    }

    private static SortedSet<String> alerts() throws IOException {
        return found("alert: (\\w+)", Files.readString(RULES));
    }

    private static SortedSet<String> given(String scrape) {
        return found("(?m)^([a-z_]+)[{ ]", scrape);
    }

    private static SortedSet<String> found(String pattern, String text) {
        return found(Pattern.compile(pattern), text);
    }

    private static SortedSet<String> found(Pattern pattern, String text) {
        SortedSet<String> found = new TreeSet<>();
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
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
