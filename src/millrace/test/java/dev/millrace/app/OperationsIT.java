package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.millrace.access.Operations;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.operation.Operator;
import dev.millrace.operation.OperatorAction;
import dev.millrace.operation.OperatorAction.Result;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Sha256;
import dev.millrace.state.Utf8;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.ExperimentAdmin;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.OperatorLog;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.wire.ExperimentHeader;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is ordered of a server, on a broker with two generations of which the first answers. */
@Tag("slow")
class OperationsIT {

    private static final long NOW = TestCluster.T0;
    private static final String USER = "someone@example.org";
    private static final Operator ANN = new Operator("ann", Operator.HTTP, "192.0.2.7", "");

    private final TestCluster scene;
    private final Cluster cluster;
    private final Operations operations;

    OperationsIT(@TempDir Path directory) {
        scene = new TestCluster(directory, Map.of());
        cluster = scene.settings().cluster();
        operations = operations(scene.settings());
    }

    private static Operations operations(MillraceSettings settings) {
        return new ClusterOperations(
                settings.cluster().withPatience(Duration.ofSeconds(10)),
                settings.attribution(),
                InstantSource.fixed(Instant.ofEpochMilli(NOW)));
    }

    @BeforeEach
    void twoGenerations() {
        try (EventProducer producer = cluster.producer()) {
            for (String generation : List.of("g1", "g2")) {
                for (Kind kind : List.of(Kind.STARTED, Kind.COMPLETE)) {
                    send(producer, new GenerationFact(generation, kind, NOW, 1, 2, "app"));
                }
            }
            send(producer, new GenerationFact("g1", Kind.PROMOTED, NOW, 1, 2, "app"));
            producer.flush();
        }
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    @Test
    void experimentsAreCopiedToEachPartitionOfExposures() {
        Experiment.Plan plan = plan("click");

        Experiment started = operations.startExperiment(ANN, "trial", "g1", "g2", plan);
        assertThatThrownBy(() -> operations.startExperiment(ANN, "more", "g1", "g2", plan))
                .isInstanceOf(GenerationRefusedException.class)
                .hasMessageContaining("one at a time");
        Experiment stopped = operations.stopExperiment(ANN, "trial");
        assertThatThrownBy(() -> operations.stopExperiment(ANN, "trial"))
                .isInstanceOf(GenerationRefusedException.class)
                .hasMessageContaining("does not run");

        assertThat(started.stages()).containsExactly(new Experiment.Stage(10, NOW));
        assertThat(GenerationAdmin.history(cluster).latestExperiment()).contains(stopped);
        assertThat(OperatorLog.entries(cluster))
                .extracting(OperatorAction::target, OperatorAction::result)
                .containsExactly(
                        tuple("trial", OperatorAction.Result.ACCEPTED),
                        tuple("more", OperatorAction.Result.REFUSED),
                        tuple("trial", OperatorAction.Result.ACCEPTED));
        assertThat(references(cluster.topics().exposures()))
                .containsExactlyInAnyOrder(
                        "0 " + digest(started), "1 " + digest(started), "0 " + digest(stopped), "1 " + digest(stopped));
    }

    @Test
    void withoutExposuresTheReferencesGoToTheClicks() {
        Operations clicksOnly = operations(
                MillraceSettings.load(List.of(), Map.of(), Map.of(), scene.given("attribution.mode", "clicks-only")));

        Experiment started = clicksOnly.startExperiment(ANN, "trial", "g1", "g2", plan("click"));

        assertThat(started.plan().goal()).isEqualTo("click per user");
        assertThat(references(cluster.topics().exposures())).isEmpty();
        assertThat(references(cluster.topics().clicks()))
                .containsExactlyInAnyOrder("0 " + digest(started), "1 " + digest(started));
    }

    private static String digest(Experiment state) {
        return ExperimentReference.to(state, 0).digest();
    }

    private List<String> references(String topic) {
        List<String> references = new ArrayList<>();
        try (TopicReader reader = cluster.reader()) {
            reader.readAll(
                    topic,
                    record -> references.add(record.partition() + " "
                            + ExperimentReference.ofText(record.headers().getOrDefault(ExperimentHeader.NAME, ""))
                                    .digest()));
        }
        return references;
    }

    @Test
    void ofTwoOrdersForOneStepTheSecondIsTold() {
        Experiment started = operations.startExperiment(ANN, "trial", "g1", "g2", plan("click"));
        ExperimentAdmin admin = new ExperimentAdmin(
                cluster, new OperatorLog(cluster, ANN, InstantSource.fixed(Instant.ofEpochMilli(NOW))));
        Experiment back = started.ended(Experiment.Result.ROLLED_BACK, NOW, "worse");
        admin.order(back);

        assertThatThrownBy(() -> admin.order(started.ended(Experiment.Result.PROMOTED, NOW, "better")))
                .isInstanceOf(GenerationRefusedException.class);

        assertThat(GenerationAdmin.history(cluster).latestExperiment()).contains(back);
        assertThat(GenerationAdmin.history(cluster).answering()).contains("g1");
    }

    @Test
    void aGoalThatTheAttributionDoesNotCountIsRefused() {
        assertThatThrownBy(() -> operations.startExperiment(ANN, "trial", "g1", "g2", plan("buy")))
                .hasMessageContaining("goal = buy: must be one of attribution.actions: click");
        assertThat(OperatorLog.entries(cluster)).isEmpty();
    }

    private static Experiment.Plan plan(String action) {
        return new Experiment.Plan(action, 0.02, 0.05, List.of(10.0), Duration.ofHours(1), Duration.ofMinutes(10));
    }

    @Test
    void eachOrderHasOneEntryWithItsAuthor() {
        Operations.Change promoted = operations.promote(ANN, "g2");
        Optional<String> afterPromotion = GenerationAdmin.history(cluster).answering();
        Operations.Change rolledBack = operations.rollBack(ANN);
        String erased = operations.erase(ANN, USER);
        String unknown = "there is no generation g9; known: g1, g2";
        assertThatThrownBy(() -> operations.promote(ANN, "g9"))
                .isInstanceOf(GenerationRefusedException.class)
                .hasMessage(unknown);

        assertThat(promoted).isEqualTo(new Operations.Change("g2", Optional.of("g1")));
        assertThat(afterPromotion).contains("g2");
        assertThat(rolledBack).isEqualTo(new Operations.Change("g1", Optional.of("g2")));
        assertThat(GenerationAdmin.history(cluster).answering()).contains("g1");
        assertThat(OperatorLog.entries(cluster))
                .containsExactly(
                        entry(OperatorAction.Kind.PROMOTE, "g2", Result.ACCEPTED, "g1 answered"),
                        entry(OperatorAction.Kind.ROLL_BACK, "g1", Result.ACCEPTED, "g2 answered"),
                        entry(OperatorAction.Kind.ERASE, erased, Result.ACCEPTED, ""),
                        entry(OperatorAction.Kind.PROMOTE, "g9", Result.REFUSED, unknown));
        assertThat(erased).isEqualTo("sha256:" + Sha256.hex(USER));
        assertThat(scene.records(cluster.topics().operatorActions()))
                .noneMatch(entry -> Utf8.text(entry.value().orElseThrow()).contains("someone"));
        assertThat(scene.records(cluster.topics().users())).singleElement().satisfies(tombstone -> {
            assertThat(tombstone.key()).isEqualTo(Utf8.bytes(USER));
            assertThat(tombstone.value()).isEmpty();
            assertThat(tombstone.timestamp()).isEqualTo(NOW);
            assertThat(tombstone.partition()).isEqualTo(partition(USER));
        });
        // a promotion has the time of its entry
        assertThat(GenerationAdmin.history(cluster).fact("g2", Kind.PROMOTED))
                .contains(new GenerationFact("g2", Kind.PROMOTED, NOW, 0, 0, Operator.HTTP));
    }

    @Test
    void whereEventsMayBeInAnyPartitionAUserIsErasedInEach() {
        Operations anywhere = new ClusterOperations(
                cluster,
                AttributionSettings.read(new SettingsReader(Map.of("attribution.partitions", "any"))),
                InstantSource.fixed(Instant.ofEpochMilli(NOW)));

        anywhere.erase(ANN, USER);

        assertThat(scene.records(cluster.topics().users()))
                .allMatch(tombstone -> tombstone.value().isEmpty())
                .extracting(TopicRecord::partition)
                .containsExactly(0, 1);
    }

    @Test
    void nothingChangesWithoutAnEntry() throws Exception {
        delete(cluster.topics().users());
        assertThatThrownBy(() -> operations.erase(ANN, USER))
                .isInstanceOf(BrokerUnreachableException.class)
                .hasMessageContaining("was not taken");
        assertThat(OperatorLog.entries(cluster))
                .extracting(OperatorAction::result)
                .containsExactly(Result.ACCEPTED, Result.FAILED);
        assertThat(OperatorLog.entries(cluster).get(1).detail()).contains("was not taken");

        delete(cluster.topics().operatorActions());
        assertThatThrownBy(() -> operations.promote(ANN, "g2")).isInstanceOf(BrokerUnreachableException.class);
        assertThat(GenerationAdmin.history(cluster).answering()).contains("g1");
    }

    private static OperatorAction entry(OperatorAction.Kind kind, String target, Result result, String detail) {
        return new OperatorAction(kind, target, result, detail, NOW, ANN);
    }

    private void send(EventProducer producer, GenerationFact fact) {
        producer.send(Topic.GENERATIONS, cluster.topics().generations(), fact, fact.at());
    }

    private int partition(String key) {
        try (TopicReader reader = cluster.reader()) {
            return reader.extent(cluster.topics().users(), Utf8.bytes(key)).partition();
        }
    }

    private void delete(String topic) throws Exception {
        try (Admin admin = Admin.create(cluster.clients().asMap())) {
            admin.deleteTopics(List.of(topic)).all().get();
        }
    }
}
