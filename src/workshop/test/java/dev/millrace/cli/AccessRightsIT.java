package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.app.IngestProcess;
import dev.millrace.app.MapProcess;
import dev.millrace.app.ServeProcess;
import dev.millrace.app.TestCluster;
import dev.millrace.app.TrainProcess;
import dev.millrace.experiment.ArmAnswers;
import dev.millrace.state.Sha256;
import dev.millrace.state.Utf8;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.fault.MissingRightException;
import dev.millrace.wire.ServingProgress;
import dev.millrace.wire.Topic;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each command and process works with exactly the rights that the program lists for it, on a broker that grants nothing else, and
 * names the right that it lacks.
 */
@Tag("slow")
class AccessRightsIT {

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Duration SHORT_PATIENCE = Duration.ofMinutes(2); // with what lacks a right
    private static final String FROM_LOG = "train --from mini-batches";
    private static final String STUCK = "millrace-stuck";
    private static final String OPEN = "user-features-0";
    private static final String[] REPLAY = GeneratedShop.replay(600);
    private static final String[] SMALL = {
        "stream.state-directory=state", "train.http.port=-1", "batch.size=4", "batch.max-wait=1s", "tower.dim=8"
    };
    private static final String[] SHADOW = {
        "stream.application-id=millrace-shadow",
        "stream.state-directory=shadow",
        "stream.from-log.publish=true",
        "tower.dim=16",
        "features.user.history.dim=16",
        "train.http.port=-1"
    };

    /** What is used where no broker has lost the end of a transaction, for which a trainer needs ALTER. */
    private static final Set<AclOperation> USED =
            Set.of(AclOperation.READ, AclOperation.WRITE, AclOperation.CREATE, AclOperation.DESCRIBE_CONFIGS);

    /** A server answers without these: its page says less. */
    private static final Set<String> READ_FOR_THE_PAGE =
            Set.of("training-progress", "serving-progress", "operator-actions", "dead-letters");

    private final Path directory;
    private final Commands commands = new Commands();
    private final List<String> unnamed = new ArrayList<>();
    private final Grants grants;
    private final Map<String, String> everything;
    private final PrometheusMeterRegistry metrics = TestCluster.metrics();
    private int rounds;

    AccessRightsIT(@TempDir Path directory) {
        this.directory = directory;
        this.grants = new Grants(
                directory, TestCluster.load(Map.of()).topics().names().all());
        this.everything = Map.of("kafka.bootstrap.servers", grants.bootstrapServers());
    }

    @AfterEach
    void close() {
        grants.close();
    }

    @Test
    void eachCommandWorksWithItsListAlone() throws Exception {
        assertThat(said(
                        grants.of("topics create", each -> each.operation() != AclOperation.CREATE),
                        "topics",
                        "create"))
                .startsWith("77 ")
                .contains("the cluster does not allow CREATE on topic ");
        succeeds("topics create", "topics", "create");

        String tokens = Files.writeString(
                        directory.resolve("tokens"), "admin sha256:" + Sha256.hex("of-an-admin") + " ann\n")
                .toString();
        Map<String, String> live = with(grants.exactly("train"), "stream.state-directory=live", "train.http.port=-1");
        Map<String, String> shadow = with(grants.exactly(FROM_LOG), SHADOW);
        try (TrainProcess trainer = TestCluster.train(live, TrainProcess.From.EVENTS)) {
            succeeds("replay", REPLAY);
            await().atMost(PATIENCE)
                    .until(() -> isAlive(trainer) && trainer.applications().lag() == 0);
            try (Producer<byte[], byte[]> stuck = grants.openTransaction(STUCK, PATIENCE);
                    TrainProcess copy = TestCluster.train(shadow, TrainProcess.From.MINI_BATCHES);
                    ServeProcess server = serve(
                            grants.exactly("serve"),
                            "serve",
                            tokens,
                            "stream.transaction-timeout=2s",
                            "serve.answers.sample=1")) {
                await().atMost(PATIENCE).untilAsserted(() -> assertThat(ask(server, "/readyz"))
                        .contains("\"ready\":true")
                        .containsPattern("\"standingTransactions\":\\[\"[^]]*\\(" + STUCK
                                + "\\) on user-features-0 [^]]*running"));
                assertThat(metrics.get("millrace.transactions.standing").gauge().value())
                        .isEqualTo(1);
                stuck.abortTransaction();
                await().atMost(PATIENCE)
                        .until(() -> isAlive(copy)
                                && server.state().readiness().isReady()
                                && server.state().readiness().generations().size() == 2
                                && server.state().readiness().generations().stream()
                                        .allMatch(each -> each.isComplete()));
                assertThat(server.failure()).isEmpty();
                for (int at = 0; at < 3; at++) { // one that nothing moves, to be verified
                    assertThat(ask(server, "/v1/recall?user=u" + at)).startsWith("200 ");
                }
                ordersAreTaken(server);
                send("{}");
                await().atMost(PATIENCE)
                        .until(() -> ask(server, "/v1/dead-letters"), answer -> answer.contains("\"undecodable\""));
            }
            ordersNeedEachRight(tokens);
        }
        eventsComeOverHttp();
        generationsAreAdministered();
        topicsAreAudited();
        for (String topic : List.of("exposures", "clicks", "users", "items")) {
            isRefusedWithout(AclOperation.WRITE, topic, "replay", REPLAY);
        }
        isRefusedWithout(AclOperation.READ, "dead-letters", "verify --counts", "verify", "--counts");
        isRefusedWithout(AclOperation.READ, "generations", "model rollback", "model", "rollback");
    }

    @Test
    void aProcessWithoutOneOfItsRightsEndsAndNamesIt() throws Exception {
        assertThat(commands.run(everything, "topics", "create")).isZero();
        for (AccessRights right : usedBy("train")) {
            sendClicksAndARecordThatNobodyCanRead();
            Map<String, String> less = with(grants.of("train", each -> !each.equals(right)), SMALL);
            note(List.of(right), trainerEnds(less, TrainProcess.From.EVENTS));
        }
        sendClicksAndARecordThatNobodyCanRead();
        try (TrainProcess trainer = TestCluster.train(with(grants.exactly("train"), SMALL), TrainProcess.From.EVENTS)) {
            await().atMost(SHORT_PATIENCE).until(() -> trainer.applications().isAlive() && hasLearnt(trainer));
        }
        for (AccessRights right : usedBy("serve")) {
            note(List.of(right), serverEnds(grants.of("serve", each -> !each.equals(right))));
        }
        assertThat(unnamed).isEmpty();
    }

    /** A learner that goes on elsewhere, and the transactions that it may leave. */
    @Test
    void whatGoesOnWithALearnerNamesTheRightThatItLacks() throws Exception {
        String generation = generationIsPublished();

        aLearnerIsMoved(generation);
        aLearnerLearnsFromTheLog();
        openTransactionsAreLookedFor();

        assertThat(unnamed).isEmpty();
    }

    @Test
    void topicsAreMappedWithTheListOfMapAlone() throws Exception {
        assertThat(commands.run(everything, "topics", "create")).isZero();
        Path mapping = Files.writeString(
                directory.resolve("mapping.properties"),
                "clicks.topics = " + AccessRights.MAPPED
                        + "\nclicks.user = record.key\nclicks.item = item\nclicks.time = record.time\n");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", grants.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(AccessRights.MAPPED, 1, (short) 1)))
                    .all()
                    .get();
        }
        send(AccessRights.MAPPED, "{\"item\": \"i1\"}");
        send(AccessRights.MAPPED, "no JSON");
        Map<String, String> settings =
                with(grants.exactly("map"), "stream.state-directory=map", "map.http.port=-1", "map.mapping=" + mapping);

        try (MapProcess process = MapProcess.start(TestCluster.load(settings), TestCluster.metrics())) {
            await().atMost(PATIENCE).until(() -> {
                assertThat(process.application().failure()).isEmpty();
                return process.books().received() == 2;
            });
        }
    }

    private void eventsComeOverHttp() throws Exception {
        try (IngestProcess ingest = ingest(grants.exactly("ingest"))) {
            String at = "\"time\":\"2026-01-01T00:00:00Z\"}]";
            String events = "{\"exposures\":[{\"exposure_id\":\"e\",\"user_id\":\"u\",\"item_id\":\"i\"," + at
                    + ",\"clicks\":[{\"click_id\":\"c\",\"user_id\":\"u\",\"item_id\":\"i\"," + at
                    + ",\"users\":[{\"user_id\":\"u\"," + at
                    + ",\"items\":[{\"item_id\":\"i\"," + at + "}";
            HttpProbe probe = new HttpProbe(ingest.url());
            await().atMost(PATIENCE)
                    .until(() -> probe.post("/v1/events", events).statusCode() == 202); // before, topics may be unknown
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
    }

    private IngestProcess ingest(Map<String, String> settings) {
        return IngestProcess.start(TestCluster.load(with(settings, "ingest.port=0")), TestCluster.metrics());
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

    /** A server without one of its rights to write, or to read dead letters, does all else, and says which it lacks when it is asked. */
    private void ordersNeedEachRight(String tokens) throws Exception {
        Map<String, List<String>> orders = Map.of(
                "users", List.of("WRITE", "DELETE", "/v1/users/nobody"),
                "generations", List.of("WRITE", "POST", "/v1/generations/rollback"),
                "operator-actions", List.of("WRITE", "POST", "/v1/generations/rollback"),
                "dead-letters", List.of("READ", "GET", "/v1/dead-letters"));
        for (Map.Entry<String, List<String>> each : orders.entrySet()) {
            String topic = each.getKey();
            List<String> order = each.getValue();
            AclOperation missing = AclOperation.valueOf(order.get(0));
            Map<String, String> less = grants.of(
                    "serve",
                    right -> right.operation() != missing
                            || !right.resource().name().equals(topic));
            try (ServeProcess server = serve(less, "serve-without-" + topic, tokens)) {
                await().atMost(PATIENCE).until(() -> server.state().readiness().isReady());
                await().atMost(PATIENCE).untilAsserted(() -> assertThat(order(server, order.get(1), order.get(2)))
                        .startsWith("500 ")
                        .contains("the cluster does not allow " + missing + " on topic " + topic));
                assertThat(server.failure()).isEmpty();
            }
        }
    }

    private ServeProcess serve(Map<String, String> rights, String state, String tokens, String... more)
            throws IOException {
        Map<String, String> all =
                with(rights, "serve.port=0", "serve.state-dir=" + state, "serve.tokens.file=" + tokens);
        return ServeProcess.start(TestCluster.load(with(all, more)), metrics);
    }

    private static String ask(ServeProcess server, String path) throws Exception {
        return order(server, "GET", path);
    }

    private static String order(ServeProcess server, String method, String path) throws Exception {
        HttpProbe recall = new HttpProbe(server.url());
        HttpResponse<String> answer = recall.send(recall.request(path)
                .header("Authorization", "Bearer of-an-admin")
                .method(method, HttpRequest.BodyPublishers.noBody()));
        return answer.statusCode() + " " + answer.body();
    }

    private void generationsAreAdministered() throws Exception {
        succeeds("model list", "model", "list");
        String wide = generation("answers");
        String narrow = generation("shadow");
        String[] diff = {"model", "diff", wide, narrow, "--users", "5", "--k", "5"};
        succeeds("model diff", diff);
        isRefusedWithoutEach("model list", "model", "list");
        isRefusedWithoutEach("model diff", diff);
        String[] start = {"experiment", "start", "trial", "--arms", wide + "=90," + narrow + "=10"};
        isRefusedWithout(AclOperation.WRITE, "operator-actions", "experiment start", start);
        isRefusedWithout(AclOperation.WRITE, "generations", "experiment start", start);
        succeeds("experiment start", start);
        aServerTellsOfItsAnswers(); // who reads an empty topic needs no READ
        succeeds("experiment show", "experiment", "show");
        isRefusedWithoutEach("experiment show", "experiment", "show");
        isRefusedWithout(AclOperation.WRITE, "operator-actions", "experiment stop", "experiment", "stop", "trial");
        succeeds("experiment stop", "experiment", "stop", "trial");
        isRefusedWithoutEach("model promote", "model", "promote", narrow);
        succeeds("model promote", "model", "promote", narrow);
        succeeds("model rollback", "model", "rollback");
        isRefusedWithoutEach("model retire", "model", "retire", narrow);
        succeeds("model retire", "model", "retire", narrow);
        assertThat(succeeds("actions", "actions", "--count", "100"))
                .containsPattern("accepted +promote +" + narrow)
                .containsPattern("failed +promote +" + narrow);
        isRefusedWithoutEach("actions", "actions");
    }

    private void aServerTellsOfItsAnswers() {
        try (EventProducer producer = TestCluster.load(everything).cluster().producer()) {
            producer.send(
                    Topic.SERVING_PROGRESS,
                    "serving-progress",
                    new ServingProgress("server", "control", 0, 1, 1, "trial", "", new ArmAnswers()),
                    1);
            producer.flush();
        }
    }

    /** The generation in the listing that was printed last whose line has this word. */
    private String generation(String word) {
        return commands.out()
                .lines()
                .filter(line -> line.matches("g\\d+-.*") && line.contains(word))
                .findFirst()
                .orElseThrow()
                .split(" ", 2)[0];
    }

    private void topicsAreAudited() throws Exception {
        succeeds("verify --model", "verify", "--model");
        isRefusedWithoutEach("verify --model", "verify", "--model");
        succeeds("verify --counts", "verify", "--counts");
        succeeds("verify --answers", "verify", "--answers");
        isRefusedWithoutEach("verify --answers", "verify", "--answers");
        String[] recorded = {"verify", "--counts", "--record"};
        assertThat(said(grants.exactly("verify --counts"), recorded))
                .startsWith("77 ")
                .contains("the cluster does not allow WRITE on topic operator-actions");
        assertThat(said(grants.exactly("verify --counts", "verify --record"), recorded))
                .startsWith("0 ");
        assertThat(said(grants.exactly("doctor"), "doctor"))
                .contains("ok    topics", "transactions  ")
                .doesNotContain("warn  rights", "not checked");
        assertThat(said(grants.of("doctor", each -> !each.resource().name().equals("training-progress")), "doctor"))
                .contains("warn  rights", "training-progress");
        succeeds("explain", "explain", "--step", "1");
        isRefusedWithoutEach("explain", "explain", "--item", "i1");
        for (String command : List.of("list", "show")) {
            succeeds("dlq " + command, "dlq", command);
            isRefusedWithoutEach("dlq " + command, "dlq", command);
        }
        String[] replay = {"dlq", "replay", "--reason", "undecodable"};
        isRefusedWithout(AclOperation.WRITE, "operator-actions", "dlq replay", replay);
        isRefusedWithout(AclOperation.WRITE, "clicks", "dlq replay", replay);
        assertThat(succeeds("dlq replay", replay)).containsPattern("sent.clicks +1");
        String[] evaluate = {"evaluate", "--mini-batches", "--warm-up", "0"};
        succeeds("evaluate --mini-batches", evaluate);
        isRefusedWithoutEach("evaluate --mini-batches", evaluate);
        String[] tune = {
            "tune",
            "--mini-batches",
            "--trials",
            "1",
            "--force",
            "--out",
            directory.resolve("tuned").toString()
        };
        succeeds("tune --mini-batches", tune);
        isRefusedWithoutEach("tune --mini-batches", tune);
    }

    /** What a process cannot do without. */
    private List<AccessRights> usedBy(String command) {
        return grants.documented().stream()
                .filter(right -> right.command().equals(command) && USED.contains(right.operation()))
                .filter(right -> command.equals("train")
                        || (right.operation() == AclOperation.READ
                                && !READ_FOR_THE_PAGE.contains(right.resource().name())))
                .sorted(AccessRights.BEGINNINGS_FIRST)
                .toList();
    }

    /** Why a trainer with these rights ends, or does not start at all. */
    private static String trainerEnds(Map<String, String> settings, TrainProcess.From from) {
        try (TrainProcess trainer = TestCluster.train(settings, from)) {
            return await().atMost(SHORT_PATIENCE)
                    .until(
                            () -> Stream.of(
                                            trainer.applications().failure(),
                                            trainer.progress().failure())
                                    .flatMap(Optional::stream)
                                    .findFirst(),
                            Optional::isPresent)
                    .map(AccessRightsIT::missing)
                    .orElseThrow();
        } catch (RuntimeException refused) {
            return missing(refused);
        }
    }

    /** Why a server with these rights ends. */
    private String serverEnds(Map<String, String> rights) throws Exception {
        try (ServeProcess server = ServeProcess.start(
                TestCluster.load(with(rights, "serve.port=0", "serve.state-dir=serve")), TestCluster.metrics())) {
            await().atMost(SHORT_PATIENCE).until(() -> server.failure().isPresent());
            return server.failure().map(AccessRightsIT::missing).orElseThrow();
        } catch (RuntimeException refused) {
            return missing(refused);
        }
    }

    /** The right that was missing, or the failure as it is. */
    private static String missing(Throwable failure) {
        return MissingRightException.in(failure)
                .map(MissingRightException::getMessage)
                .orElse(failure.toString());
    }

    /** What makes a trainer write to each of its topics. */
    private void sendClicksAndARecordThatNobodyCanRead() throws Exception {
        String other = "shop.seed=" + ++rounds; // or all would be repeats
        assertThat(commands.run(everything, "replay", "--shop", "--events", "200", "--set", other))
                .as(commands.err())
                .isZero();
        send("nothing");
    }

    /** Sends what is no click. */
    private void send(String value) throws Exception {
        send("clicks", value);
    }

    private void send(String topic, String value) throws Exception {
        Map<String, Object> config = Map.of("bootstrap.servers", grants.bootstrapServers());
        try (Producer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topic, Utf8.bytes("u1"), Utf8.bytes(value)))
                    .get();
        }
    }

    private String generationIsPublished() {
        assertThat(commands.run(everything, "topics", "create")).isZero();
        assertThat(commands.run(everything, "replay", "--shop", "--events", "200"))
                .isZero();
        try (TrainProcess trainer = TestCluster.train(with(everything, SMALL), TrainProcess.From.EVENTS)) {
            await().atMost(SHORT_PATIENCE).until(() -> trainer.applications().lag() == 0 && hasLearnt(trainer));
            await().atMost(SHORT_PATIENCE).until(() -> {
                assertThat(trainer.applications().failure()).isEmpty();
                assertThat(commands.run(everything, "model", "list")).isZero();
                return commands.out().lines().anyMatch(line -> line.matches("g\\d+-.*"));
            });
            return generation("");
        }
    }

    private static boolean hasLearnt(TrainProcess trainer) {
        return trainer.progress()
                .training()
                .filter(progress -> progress.positives() > 0)
                .isPresent();
    }

    private void aLearnerIsMoved(String generation) throws Exception {
        String file = directory.resolve("learner").toString();
        namesEach("model export", () -> SMALL, "model", "export", "--out", file);
        namesEach("model hand-over", () -> SMALL, "model", "hand-over", generation, "--to", "another");
        namesEach("model import", this::moved, "model", "import", "--in", file);
        assertThat(commands.out()).containsPattern("publishes +" + generation);
    }

    /** Settings of an application that never was: a round that comes far begins it. */
    private String[] moved() {
        return small("stream.application-id=millrace-moved-" + ++rounds, "stream.from-log.publish=true");
    }

    private static String[] small(String... more) {
        return Stream.concat(Stream.of(SMALL), Stream.of(more)).toArray(String[]::new);
    }

    private void aLearnerLearnsFromTheLog() throws Exception {
        String[] other = fromLog("millrace-other");
        for (List<AccessRights> missing : inTurn(FROM_LOG)) {
            String[] settings = other;
            if (isToWriteTo(missing, "dead-letters")) {
                settings = fromLog(
                        "millrace-refusing", "model.generation=refusing", "optimiser.refuse-gradient-norm=1e-9");
            } else if (missing.stream().allMatch(right -> right.operation() == AclOperation.WRITE)
                    && !isToWriteTo(missing, "generations")) { // what is begun there is read in another round
                settings = fromLog("millrace-other-" + ++rounds); // one that came far may have nothing left to write
            }
            note(missing, trainerEnds(without(missing, settings), TrainProcess.From.MINI_BATCHES));
        }
        try (TrainProcess trainer =
                TestCluster.train(with(grants.exactly(FROM_LOG), other), TrainProcess.From.MINI_BATCHES)) {
            await().atMost(SHORT_PATIENCE)
                    .until(() -> trainer.applications().isAlive()
                            && trainer.progress().training().isPresent());
        }
    }

    private static String[] fromLog(String application, String... more) {
        String[] all = small("stream.application-id=" + application, "stream.from-log.publish=true", "tower.dim=16");
        return Stream.concat(Stream.of(all), Stream.of(more)).toArray(String[]::new);
    }

    private static boolean isToWriteTo(List<AccessRights> missing, String topic) {
        return missing.stream()
                .anyMatch(right -> right.operation() == AclOperation.WRITE
                        && right.resource().name().equals(topic));
    }

    /** No broker here loses the end of a transaction, which a learner then writes. */
    private static boolean isForALostEnd(AccessRights right) {
        return right.resource().resourceType() == ResourceType.CLUSTER;
    }

    private void openTransactionsAreLookedFor() throws Exception {
        String[] abort = {"transactions", "settle", "--force-abort", OPEN};
        try (Producer<byte[], byte[]> stuck = grants.openTransaction(STUCK, SHORT_PATIENCE.multipliedBy(5));
                Admin admin = Admin.create(Map.of("bootstrap.servers", grants.bootstrapServers()))) {
            for (String command : List.of("list", "settle")) {
                namesEach("transactions " + command, () -> new String[0], "transactions", command);
                assertThat(commands.out()).contains(OPEN, STUCK, "running");
            }

            admin.deleteTopics(List.of("__transaction_state")).all().get(); // nobody knows the transaction any more
            Map<String, String> looking = grants.exactly("transactions list");
            await().atMost(SHORT_PATIENCE)
                    .until(() -> said(looking, "transactions", "list"), said -> said.contains("undecided"));
            assertThat(said(
                            grants.of(
                                    "doctor", right -> !right.resource().name().equals("__consumer_offsets")),
                            "doctor"))
                    .startsWith("1 ")
                    .contains("fail  transactions  ", "warn  transactions  not checked: the cluster does not allow ");
            List<AccessRights> missing = grants.documented().stream()
                    .filter(right -> right.command().equals("transactions settle") && isForALostEnd(right))
                    .toList();
            note(missing, said(without(missing), abort));
            assertThat(succeeds("transactions settle", abort)).contains("none is open");
        }
    }

    private List<List<AccessRights>> inTurn(String command) {
        return AccessRights.inTurn(command, grants.documented()).stream()
                .filter(missing -> missing.stream().noneMatch(AccessRightsIT::isForALostEnd))
                .toList();
    }

    /** The settings of a client that has all rights of a command but these. */
    private Map<String, String> without(List<AccessRights> missing, String... more) throws Exception {
        return with(grants.of(missing.get(0).command(), each -> !missing.contains(each)), more);
    }

    /** The command without one right after the other, and then with all of them. */
    private void namesEach(String command, Supplier<String[]> settings, String... arguments) throws Exception {
        for (List<AccessRights> missing : inTurn(command)) {
            note(missing, said(without(missing, settings.get()), arguments));
        }
        assertThat(said(with(grants.exactly(command), settings.get()), arguments))
                .startsWith("0 ");
    }

    /** Without any one of its rights to read or to write, the command ends and says so. */
    private void isRefusedWithoutEach(String command, String... arguments) throws Exception {
        for (List<AccessRights> missing : inTurn(command)) {
            if (Set.of(AclOperation.READ, AclOperation.WRITE)
                    .contains(missing.get(0).operation())) {
                assertThat(said(without(missing), arguments))
                        .as("without " + missing)
                        .startsWith("77 ")
                        .contains(
                                "the cluster does not allow ",
                                missing.get(0).resource().name());
            }
        }
    }

    private void isRefusedWithout(AclOperation right, String topic, String command, String... arguments)
            throws Exception {
        Map<String, String> less = grants.of(
                command,
                each -> each.operation() != right || !each.resource().name().equals(topic));
        assertThat(said(less, arguments))
                .startsWith("77 ")
                .contains("the cluster does not allow ", " on topic " + topic);
    }

    private String succeeds(String command, String... arguments) throws Exception {
        String said = said(grants.exactly(command), arguments);
        assertThat(said).as(command).startsWith("0 ");
        return said;
    }

    /** Runs a command. Returns its status and all that it says. */
    private String said(Map<String, String> settings, String... arguments) {
        int status = commands.run(settings, arguments);
        return status + " " + commands.out() + commands.err();
    }

    private void note(List<AccessRights> missing, String said) {
        System.out.println(missing + ": " + said);
        if (!missing.stream().allMatch(right -> right.isNamedIn(said) || isToldWhose(right, said))) {
            unnamed.add(missing + ": " + said);
        }
    }

    /** Who may not ask for a transaction is shown it without its fate. */
    private static boolean isToldWhose(AccessRights right, String said) {
        return right.command().startsWith("transactions")
                && right.resource().resourceType() == ResourceType.TRANSACTIONAL_ID
                && said.startsWith("1 ")
                && said.contains("no coordinator that this process may ask knows the producer");
    }

    private static boolean isAlive(TrainProcess process) {
        assertThat(process.applications().failure()).isEmpty();
        return process.applications().isAlive();
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
}
