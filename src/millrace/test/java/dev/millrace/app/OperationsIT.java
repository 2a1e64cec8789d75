package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.access.Operations;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.operation.Operator;
import dev.millrace.operation.OperatorAction;
import dev.millrace.operation.OperatorAction.Result;
import dev.millrace.state.Sha256;
import dev.millrace.state.Utf8;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.OperatorLog;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.Topics;
import dev.millrace.topic.fault.BrokerUnreachableException;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is ordered of a server, on a broker with two generations of which the first answers. */
class OperationsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long NOW = 1_767_225_600_000L; // 2026-01-01
    private static final String USER = "someone@example.org";
    private static final Operator ANN = new Operator("ann", Operator.HTTP, "192.0.2.7", "");

    private final EmbeddedBroker broker;
    private final Cluster cluster;
    private final Operations operations;

    OperationsIT(@TempDir Path directory) {
        broker = EmbeddedBroker.start(directory);
        MillraceSettings settings = MillraceSettings.load(
                List.of(), Map.of(), Map.of(), Map.of("kafka.bootstrap.servers", broker.bootstrapServers()));
        new Topics(settings.clients(), settings.topics(), PATIENCE).create();
        cluster = settings.cluster();
        operations = new ClusterOperations(
                cluster.withPatience(Duration.ofSeconds(4)), InstantSource.fixed(Instant.ofEpochMilli(NOW)));
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
        broker.close();
    }

    @Test
    void eachChangeHasOneEntryThatSaysWhoOrderedIt() {
        Operations.Change promoted = operations.promote(ANN, "g2");
        Optional<String> afterPromotion = GenerationAdmin.history(cluster).answering();
        Operations.Change rolledBack = operations.rollBack(ANN);
        String erased = operations.erase(ANN, USER);

        assertThat(promoted).isEqualTo(new Operations.Change("g2", Optional.of("g1")));
        assertThat(afterPromotion).contains("g2");
        assertThat(rolledBack).isEqualTo(new Operations.Change("g1", Optional.of("g2")));
        assertThat(GenerationAdmin.history(cluster).answering()).contains("g1");
        assertThat(OperatorLog.entries(cluster))
                .containsExactly(
                        entry(OperatorAction.Kind.PROMOTE, "g2", Result.ACCEPTED, "g1 answered"),
                        entry(OperatorAction.Kind.ROLL_BACK, "g1", Result.ACCEPTED, "g2 answered"),
                        entry(OperatorAction.Kind.ERASE, erased, Result.ACCEPTED, ""));
        // a promotion has the time of its entry
        assertThat(GenerationAdmin.history(cluster).fact("g2", Kind.PROMOTED))
                .contains(new GenerationFact("g2", Kind.PROMOTED, NOW, 0, 0, Operator.HTTP));
    }

    @Test
    void anErasureIsATombstoneInTheUsersPartitionAndItsEntryDoesNotHaveTheId() {
        String erased = operations.erase(ANN, USER);

        assertThat(records(cluster.topics().users())).singleElement().satisfies(tombstone -> {
            assertThat(tombstone.key()).isEqualTo(Utf8.bytes(USER));
            assertThat(tombstone.value()).isEmpty();
            assertThat(tombstone.timestamp()).isEqualTo(NOW);
            assertThat(tombstone.partition()).isEqualTo(partition(USER));
        });
        assertThat(erased).isEqualTo("sha256:" + Sha256.hex(USER));
        assertThat(records(cluster.topics().operatorActions())).singleElement().satisfies(entry -> {
            assertThat(Utf8.text(entry.key())).isEqualTo(erased);
            assertThat(Utf8.text(entry.value().orElseThrow())).contains(erased).doesNotContain("someone");
        });
    }

    @Test
    void whatTheRulesRefuseIsEnteredAndChangesNothing() {
        String unknown = "there is no generation g9; known: g1, g2";
        String none = "there is no generation to go back to: g1 is the only one promoted";

        assertThatThrownBy(() -> operations.promote(ANN, "g9"))
                .isInstanceOf(GenerationRefusedException.class)
                .hasMessage(unknown);
        assertThatThrownBy(() -> operations.rollBack(ANN))
                .isInstanceOf(GenerationRefusedException.class)
                .hasMessage(none);

        assertThat(OperatorLog.entries(cluster))
                .containsExactly(
                        entry(OperatorAction.Kind.PROMOTE, "g9", Result.REFUSED, unknown),
                        entry(OperatorAction.Kind.ROLL_BACK, "", Result.REFUSED, none));
        assertThat(GenerationAdmin.history(cluster).answering()).contains("g1");
    }

    @Test
    void withoutAnEntryNothingIsChanged() throws Exception {
        delete(cluster.topics().operatorActions());

        assertThatThrownBy(() -> operations.promote(ANN, "g2")).isInstanceOf(BrokerUnreachableException.class);
        assertThatThrownBy(() -> operations.erase(ANN, USER)).isInstanceOf(BrokerUnreachableException.class);

        assertThat(GenerationAdmin.history(cluster).answering()).contains("g1");
        assertThat(records(cluster.topics().users())).isEmpty();
    }

    @Test
    void aChangeThatFailsIsEnteredASecondTime() throws Exception {
        delete(cluster.topics().users());

        assertThatThrownBy(() -> operations.erase(ANN, USER))
                .isInstanceOf(BrokerUnreachableException.class)
                .hasMessageContaining("was not taken");

        assertThat(OperatorLog.entries(cluster))
                .extracting(OperatorAction::result)
                .containsExactly(Result.ACCEPTED, Result.FAILED);
        assertThat(OperatorLog.entries(cluster).get(1).detail()).contains("was not taken");
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

    private List<TopicRecord> records(String topic) {
        List<TopicRecord> records = new ArrayList<>();
        try (TopicReader reader = cluster.reader()) {
            for (TopicReader.Extent extent : reader.extents(topic)) {
                reader.read(extent, extent.first(), records::add);
            }
        }
        return records;
    }

    private void delete(String topic) throws Exception {
        try (Admin admin = Admin.create(cluster.clients().asMap())) {
            admin.deleteTopics(List.of(topic)).all().get();
        }
    }
}
