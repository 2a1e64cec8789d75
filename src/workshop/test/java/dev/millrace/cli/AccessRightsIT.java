package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.app.IngestProcess;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ServeProcess;
import dev.millrace.app.TrainProcess;
import dev.millrace.state.Sha256;
import dev.millrace.state.Utf8;
import dev.millrace.topic.fault.MissingRightException;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Each command works with exactly the rights that docs/operations.md lists for it, on a broker that grants nothing else. */
@Tag("slow")
class AccessRightsIT {

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final String STUCK = "millrace-stuck";
    private static final String[] REPLAY = Stream.concat(
                    Stream.of("replay", "--shop", "--events", "600"), GeneratedShop.OPTIONS.stream())
            .toArray(String[]::new);
    private static final String[] SHADOW = {
        "stream.application-id=millrace-shadow",
        "stream.state-directory=shadow",
        "stream.from-log.publish=true",
        "tower.dim=16",
        "features.user.history.dim=16",
        "train.http.port=-1"
    };

    private final Path directory;
    private final StringWriter said = new StringWriter();
    private final List<String> topics = MillraceSettings.load(List.of(), Map.of(), Map.of(), Map.of())
            .topics()
            .names()
            .all();

    AccessRightsIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void eachCommandWorksWithItsListAndSaysWhichRightIsMissing() throws Exception {
        try (Grants grants = new Grants(directory, topics)) {

            assertThat(run(
                            grants.of("topics create", each -> each.operation() != AclOperation.CREATE),
                            "topics",
                            "create"))
                    .isEqualTo(77);
            assertThat(said.toString()).contains("the cluster does not allow CREATE on topic ");
            assertThat(run(grants.exactly("topics create"), "topics", "create"))
                    .as(said.toString())
                    .isZero();

            String tokens = Files.writeString(
                            directory.resolve("tokens"), "admin sha256:" + Sha256.hex("of-an-admin") + " ann\n")
                    .toString();
            Map<String, String> live =
                    with(grants.exactly("train"), "stream.state-directory=live", "train.http.port=-1");
            Map<String, String> shadow = with(grants.exactly("train --from mini-batches"), SHADOW);
            try (TrainProcess trainer = train(live, TrainProcess.From.EVENTS)) {
                assertThat(run(grants.exactly("replay"), REPLAY))
                        .as(said.toString())
                        .isZero();
                await().atMost(PATIENCE)
                        .until(() -> isAlive(trainer) && trainer.applications().lag() == 0);
                PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
                try (Producer<byte[], byte[]> stuck = grants.openTransaction(STUCK, PATIENCE);
                        TrainProcess copy = train(shadow, TrainProcess.From.MINI_BATCHES);
                        ServeProcess server = ServeProcess.start(
                                load(with(
                                        grants.exactly("serve"),
                                        "serve.port=0",
                                        "serve.state-dir=serve",
                                        "serve.tokens.file=" + tokens,
                                        "stream.transaction-timeout=2s")),
                                metrics)) {
                    await().atMost(PATIENCE).untilAsserted(() -> assertThat(readyz(server))
                            .contains("\"ready\":true")
                            .containsPattern("\"standingTransactions\":\\[\"[^]]*\\(" + STUCK
                                    + "\\) on user-features-0 [^]]*running"));
                    assertThat(metrics.get("millrace.transactions.standing")
                                    .gauge()
                                    .value())
                            .isEqualTo(1);
                    stuck.abortTransaction();
                    await().atMost(PATIENCE)
                            .until(() -> isAlive(copy)
                                    && server.state().readiness().isReady()
                                    && server.state().readiness().generations().size() == 2
                                    && server.state().readiness().generations().stream()
                                            .allMatch(each -> each.isComplete()));
                    assertThat(server.failure()).isEmpty();
                    ordersAreTaken(server);
                    producesALetter(grants.bootstrapServers());
                    await().atMost(PATIENCE)
                            .until(() -> ask(server, "/v1/dead-letters"), answer -> answer.contains("\"undecodable\""));
                }
                ordersNeedEachRight(grants, tokens);
                aServerThatMayNotReadDeadLettersDoesAllElse(grants, tokens);
            }
            eventsComeOverHttp(grants);
            generationsAreAdministered(grants);
            topicsAreAudited(grants);
            whatIsMissingIsNamed(grants);
        }
    }

    private void eventsComeOverHttp(Grants grants) throws Exception {
        try (IngestProcess ingest = ingest(grants.exactly("ingest"))) {
            for (String kind : List.of("exposures", "clicks", "users", "items")) {
                assertThat(post(ingest, kind)).as(kind).isEqualTo(202);
            }
        }
        for (AccessRights right : grants.documented()) {
            if (right.command().equals("ingest")) {
                assertThatThrownBy(() -> ingest(grants.of("ingest", each -> !each.equals(right)))
                                .close())
                        .isInstanceOf(MissingRightException.class)
                        .hasMessageContaining("the cluster does not allow DESCRIBE on topic "
                                + right.resource().name()); // WRITE includes it
            }
        }
        assertThatThrownBy(
                        () -> ingest(grants.exactly("serve")).close()) // which may describe all topics, and erase users
                .isInstanceOf(MissingRightException.class)
                .hasMessageContaining("the cluster does not allow WRITE on topic clicks, exposures, items;");
    }

    private IngestProcess ingest(Map<String, String> settings) {
        return IngestProcess.start(
                load(with(settings, "ingest.port=0")), new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
    }

    /** Sends an event of a kind; which members it has beside its ids does not matter here. */
    private static int post(IngestProcess ingest, String kind) throws Exception {
        String ids =
                switch (kind) {
                    case "exposures" -> "\"exposure_id\":\"e-http\",\"user_id\":\"u-http\",\"item_id\":\"i-http\"";
                    case "clicks" -> "\"click_id\":\"c-http\",\"user_id\":\"u-http\",\"item_id\":\"i-http\"";
                    case "users" -> "\"user_id\":\"u-http\"";
                    default -> "\"item_id\":\"i-http\"";
                };
        String body = "{\"" + kind + "\":[{" + ids + ",\"time\":\"2026-01-01T00:00:00Z\"}]}";
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(ingest.url() + "/v1/events"))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    private static String readyz(ServeProcess server) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(server.url() + "/readyz"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    /** The second generation answers, and then the first again. */
    private void ordersAreTaken(ServeProcess server) throws Exception {
        String first = server.state().readiness().generation().orElseThrow();
        String second = server.state().readiness().generations().stream()
                .map(each -> each.generation())
                .filter(each -> !each.equals(first))
                .findFirst()
                .orElseThrow();
        assertThat(order(server, "POST", "/v1/generations/" + second + "/promote"))
                .isEqualTo("200 {\"promoted\":\"" + second + "\",\"answered\":\"" + first + "\"}");
        assertThat(order(server, "POST", "/v1/generations/rollback"))
                .isEqualTo("200 {\"promoted\":\"" + first + "\",\"answered\":\"" + second + "\"}");
        assertThat(order(server, "DELETE", "/v1/users/nobody")).startsWith("202 {\"erased\":\"sha256:");
    }

    /** A server without one of its rights to write starts, takes no order that needs it, and says which it is. */
    private void ordersNeedEachRight(Grants grants, String tokens) throws Exception {
        for (AccessRights right : grants.documented()) {
            if (right.command().equals("serve") && right.operation() == AclOperation.WRITE) {
                String topic = right.resource().name();
                Map<String, String> less = with(
                        grants.of("serve", each -> !each.equals(right)),
                        "serve.port=0",
                        "serve.state-dir=serve-without-" + topic,
                        "serve.tokens.file=" + tokens);
                try (ServeProcess server =
                        ServeProcess.start(load(less), new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
                    String answer = topic.equals("users")
                            ? order(server, "DELETE", "/v1/users/nobody")
                            : order(server, "POST", "/v1/generations/rollback");
                    assertThat(answer).startsWith("500 ").contains("does not allow WRITE on topic " + topic);
                }
            }
        }
    }

    private static void producesALetter(String address) throws Exception {
        try (Producer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, address),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>("clicks", Utf8.bytes("u1"), Utf8.bytes("{}")))
                    .get();
        }
    }

    private void aServerThatMayNotReadDeadLettersDoesAllElse(Grants grants, String tokens) throws Exception {
        Map<String, String> less = with(
                grants.of(
                        "serve",
                        each -> each.operation() != AclOperation.READ
                                || !each.resource().name().equals("dead-letters")),
                "serve.port=0",
                "serve.state-dir=serve-without-letters",
                "serve.tokens.file=" + tokens);
        try (ServeProcess server =
                ServeProcess.start(load(less), new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
            await().atMost(PATIENCE)
                    .until(() -> ask(server, "/v1/dead-letters"), answer -> !answer.contains("\"reading\""));
            assertThat(ask(server, "/v1/dead-letters"))
                    .startsWith("500 ")
                    .contains("the cluster does not allow READ on topic dead-letters");
            await().atMost(PATIENCE).until(() -> server.state().readiness().isReady());
            assertThat(server.failure()).isEmpty();
            assertThat(ask(server, "/v1/recall?user=nobody")).startsWith("200 ");
        }
    }

    private static String ask(ServeProcess server, String path) throws Exception {
        return order(server, "GET", path);
    }

    private static String order(ServeProcess server, String method, String path) throws Exception {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(server.url() + path))
                                .header("Authorization", "Bearer of-an-admin")
                                .method(method, HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        return answer.statusCode() + " " + answer.body();
    }

    private void generationsAreAdministered(Grants grants) throws Exception {
        succeeds(grants, "model list", "model", "list");
        List<String> lines =
                said.toString().lines().filter(line -> line.startsWith("g")).toList();
        String wide = generation(lines, line -> line.contains("answers"));
        String narrow = generation(lines, line -> line.contains("shadow"));
        succeeds(grants, "model diff", "model", "diff", wide, narrow, "--users", "5", "--k", "5");
        needsEach(grants, "model list", "model", "list");
        needsEach(grants, "model diff", "model", "diff", wide, narrow, "--users", "5", "--k", "5");
        needsEach(grants, "model promote", "model", "promote", narrow);
        succeeds(grants, "model promote", "model", "promote", narrow);
        succeeds(grants, "model rollback", "model", "rollback");
        needsEach(grants, "model retire", "model", "retire", narrow);
        succeeds(grants, "model retire", "model", "retire", narrow);
        succeeds(grants, "actions", "actions", "--count", "100");
        assertThat(said.toString())
                .containsPattern("accepted +promote +" + narrow)
                .containsPattern("failed +promote +" + narrow);
        needsEach(grants, "actions", "actions");
    }

    private void topicsAreAudited(Grants grants) throws Exception {
        succeeds(grants, "verify --model", "verify", "--model");
        needsEach(grants, "verify --model", "verify", "--model");
        succeeds(grants, "verify --counts", "verify", "--counts");
        fails(grants, "verify --counts", AclOperation.READ, "dead-letters", "READ", "verify", "--counts");
        assertThat(run(grants.exactly("verify --counts"), "verify", "--counts", "--record"))
                .as(said.toString())
                .isEqualTo(77);
        assertThat(said.toString()).contains("the cluster does not allow WRITE on topic operator-actions");
        assertThat(run(grants.exactly("verify --counts", "verify --record"), "verify", "--counts", "--record"))
                .as(said.toString())
                .isZero();
        run(grants.exactly("doctor"), "doctor");
        assertThat(said.toString())
                .contains("ok    topics", "transactions  ")
                .doesNotContain("warn  rights", "not checked");
        run(grants.of("doctor", each -> !each.resource().name().equals("training-progress")), "doctor");
        assertThat(said.toString()).contains("warn  rights", "training-progress");
        succeeds(grants, "explain", "explain", "--step", "1");
        needsEach(grants, "explain", "explain", "--item", "i1");
        succeeds(grants, "dlq list", "dlq", "list");
        needsEach(grants, "dlq list", "dlq", "list");
        succeeds(grants, "dlq show", "dlq", "show");
        needsEach(grants, "dlq show", "dlq", "show");
        String[] replay = {"dlq", "replay", "--reason", "undecodable"};
        fails(grants, "dlq replay", AclOperation.WRITE, "operator-actions", "WRITE", replay);
        fails(grants, "dlq replay", AclOperation.WRITE, "clicks", "WRITE", replay);
        succeeds(grants, "dlq replay", replay);
        assertThat(said.toString()).containsPattern("sent.clicks +1");
        String[] tune = {"tune", "--mini-batches", "--trials", "1", "--force", "--out", path("tuned")};
        succeeds(grants, "tune --mini-batches", tune);
        needsEach(grants, "tune --mini-batches", tune);
    }

    /** Without any one of its rights to read or to write, the command ends and says so. */
    private void needsEach(Grants grants, String command, String... arguments) throws Exception {
        for (AccessRights right : grants.documented()) {
            if (right.command().equals(command)
                    && (right.operation() == AclOperation.READ || right.operation() == AclOperation.WRITE)) {
                assertThat(run(grants.of(command, each -> !each.equals(right)), arguments))
                        .as(command + " without " + right + ": " + said)
                        .isEqualTo(77);
                assertThat(said.toString())
                        .contains(
                                "the cluster does not allow ", right.resource().name());
            }
        }
    }

    private void whatIsMissingIsNamed(Grants grants) throws Exception {
        for (String topic : List.of("exposures", "clicks", "users", "items")) {
            fails(grants, "replay", AclOperation.WRITE, topic, "DESCRIBE", REPLAY); // WRITE includes it
        }
        fails(grants, "model list", AclOperation.DESCRIBE, "dead-letters", "DESCRIBE", "model", "list");
        fails(grants, "model list", AclOperation.DESCRIBE_CONFIGS, "items", "DESCRIBE_CONFIGS", "model", "list");
        fails(grants, "model list", AclOperation.READ, "generations", "READ", "model", "list");
        fails(grants, "verify --counts", AclOperation.READ, "clicks", "READ", "verify", "--counts");
        fails(grants, "verify --model", AclOperation.READ, "mini-batches", "READ", "verify", "--model");
        fails(grants, "model rollback", AclOperation.READ, "generations", "READ", "model", "rollback");
    }

    private void succeeds(Grants grants, String command, String... arguments) throws Exception {
        assertThat(run(grants.exactly(command), arguments))
                .as(command + ": " + said)
                .isZero();
    }

    private void fails(
            Grants grants, String command, AclOperation right, String topic, String named, String... arguments)
            throws Exception {
        Map<String, String> less = grants.of(
                command,
                each -> !(each.operation() == right && each.resource().name().equals(topic)));
        assertThat(run(less, arguments))
                .as(command + " without " + right + " on " + topic + ": " + said)
                .isEqualTo(77);
        assertThat(said.toString()).contains("the cluster does not allow " + named + " on topic " + topic);
    }

    private String path(String name) {
        return directory.resolve(name).toString();
    }

    private static String generation(List<String> lines, Predicate<String> is) {
        return lines.stream().filter(is).findFirst().orElseThrow().split(" ", 2)[0];
    }

    private static boolean isAlive(TrainProcess process) {
        assertThat(process.applications().failure()).isEmpty();
        return process.applications().isAlive();
    }

    private TrainProcess train(Map<String, String> settings, TrainProcess.From from) {
        return TrainProcess.start(load(settings), from, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
    }

    private static MillraceSettings load(Map<String, String> settings) {
        return MillraceSettings.load(List.of(), Map.of(), Map.of(), settings);
    }

    private Map<String, String> with(Map<String, String> settings, String... more) {
        Map<String, String> all = new HashMap<>(settings);
        for (String each : more) {
            String[] parts = each.split("=", 2);
            boolean isDirectory = parts[0].endsWith("directory") || parts[0].endsWith("-dir");
            all.put(parts[0], isDirectory ? directory.resolve(parts[1]).toString() : parts[1]);
        }
        return all;
    }

    /** Runs a command in this process; what it says, errors too, is in {@code said}. */
    private int run(Map<String, String> settings, String... arguments) {
        said.getBuffer().setLength(0);
        CommandLine commandLine = Millrace.commandLine();
        commandLine.setOut(new PrintWriter(said, true));
        commandLine.setErr(new PrintWriter(said, true));
        return commandLine.execute(Stream.concat(
                        Arrays.stream(arguments),
                        settings.entrySet().stream()
                                .flatMap(each -> Stream.of("--set", each.getKey() + "=" + each.getValue())))
                .toArray(String[]::new));
    }
}
