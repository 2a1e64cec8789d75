package dev.millrace.stream.run;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.stream.StreamSettings;
import dev.millrace.stream.Streams;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.ClusterAdmin;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicSettings;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.streams.Topology;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator, or retention, can take away from a trainer, and what the trainer says then. */
class ContinuityIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String ATTRIBUTE = "millrace-attribute";
    private static final String BOOKS = "millrace-attribute-attribution-books-changelog";

    private final Path directory;
    private final TopicNames topics = Streams.topics();
    private final AvroWire wire = Streams.wire();
    private final EmbeddedBroker broker;
    private final ClientSettings clients;
    private final ClusterAdmin cluster;
    private final EventProducer producer;
    private int sent;

    ContinuityIT(@TempDir Path directory) {
        this.directory = directory;
        broker = EmbeddedBroker.start(directory.resolve("broker"));
        clients = ClientSettings.of(broker.bootstrapServers());
        cluster = new ClusterAdmin(clients, PATIENCE);
        new Topics(clients, TopicSettings.read(Streams.reader("topic.partitions", "1")), PATIENCE).create();
        producer = new EventProducer(clients, topics, wire);
    }

    @AfterEach
    void close() {
        producer.close();
        broker.close();
    }

    @Test
    void recordsThatRetentionDeletedBeforeTheyWereReadRefuseTheStartAndNameTheLoss() {
        send(10);
        run(10);
        send(30);
        delete(35);

        try (StreamRunner runner = runner("state")) {
            assertThatThrownBy(runner::start)
                    .isInstanceOf(LostContinuityException.class)
                    .hasMessageStartingWith("group " + ATTRIBUTE
                            + " stands at offset 10 of exposures-0, which begins at 35: 25 offsets are gone");
        }

        // as the message says it: the loss is accepted, and it goes on
        cluster.ask(admin -> admin.alterConsumerGroupOffsets(
                        ATTRIBUTE, Map.of(partition(topics.exposures()), new OffsetAndMetadata(35)))
                .all()
                .get());
        run(40);
    }

    @Test
    void recordsThatAreDeletedWhileItRunsStopItWithTheSameMessage() throws Exception {
        for (int at = 0; at < 1000; at++) {
            send(1); // a batch each, and one batch a fetch: the trainer is behind for long enough
        }
        ClientSettings slow = new ClientSettings(new TreeMap<>(Map.of(
                "bootstrap.servers", broker.bootstrapServers(),
                "max.partition.fetch.bytes", "1",
                "fetch.max.bytes", "1",
                "max.poll.records", "1")));
        try (StreamRunner runner = runner("state", slow)) {
            runner.start();
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).until(() -> committed() > 0);
            delete(1000);

            await().atMost(PATIENCE).until(() -> !runner.isAlive());
            assertThat(runner.failure()).get().isInstanceOfSatisfying(LostContinuityException.class, lost -> assertThat(
                            lost.faults())
                    .singleElement()
                    .satisfies(fault -> assertThat(fault)
                            .contains("of exposures-0, which begins at 1000:", "offsets are gone", "retention")));
        }
    }

    @Test
    void aChangelogThatIsGoneOrSetToDeleteRefusesTheStartWithAllFaultsTogether() {
        send(10);
        run(10);
        cluster.ask(admin -> admin.incrementalAlterConfigs(Map.of(
                        new ConfigResource(ConfigResource.Type.TOPIC, "millrace-attribute-attribution-changelog"),
                        List.of(new AlterConfigOp(
                                new ConfigEntry("cleanup.policy", "delete"), AlterConfigOp.OpType.SET))))
                .all()
                .get());
        cluster.ask(admin -> admin.deleteTopics(List.of(BOOKS)).all().get());
        await().atMost(PATIENCE)
                .until(() ->
                        !cluster.ask(admin -> admin.listTopics().names().get()).contains(BOOKS));

        try (StreamRunner runner = runner("state")) {
            assertThatThrownBy(runner::start)
                    .isInstanceOfSatisfying(LostContinuityException.class, lost -> assertThat(lost.faults())
                            .hasSize(2)
                            .anySatisfy(fault -> assertThat(fault).startsWith("changelog " + BOOKS + " is gone"))
                            .anySatisfy(fault -> assertThat(fault).contains("has cleanup.policy delete")));
        }
        // and it was not made again
        assertThat(topicsThere()).doesNotContain(BOOKS);
    }

    @Test
    void aNewPartitionOfAnInputRefusesTheStart() {
        send(10);
        run(10);
        cluster.ask(admin -> admin.createPartitions(Map.of(topics.exposures(), NewPartitions.increaseTo(2)))
                .all()
                .get());

        try (StreamRunner runner = runner("state")) {
            await().atMost(PATIENCE).untilAsserted(() -> assertThatThrownBy(runner::start)
                    .hasMessageContaining("exposures-1 is new to group " + ATTRIBUTE));
        }
    }

    @Test
    void aGroupThatWasDeletedIsNotTakenForAFirstStart() {
        send(10);
        run(10);
        cluster.ask(
                admin -> admin.deleteConsumerGroups(List.of(ATTRIBUTE)).all().get());

        try (StreamRunner runner = runner("state")) {
            assertThatThrownBy(runner::start)
                    .hasMessageContaining("group " + ATTRIBUTE + " has no offsets, but its changelog");
        }
    }

    @Test
    void twoFirstStartsAtOnceBothRunAndCountEachEventOnce() throws Exception {
        send(50);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (StreamRunner one = runner("one");
                StreamRunner two = runner("two")) {
            List<Future<?>> starts = List.of(threads.submit(one::start), threads.submit(two::start));
            for (Future<?> start : starts) {
                start.get(60, TimeUnit.SECONDS);
            }
            await().atMost(PATIENCE).until(() -> committed() == 50);
            await().atMost(PATIENCE).until(() -> one.isReady() && two.isReady());
        } finally {
            threads.shutdownNow();
        }
    }

    /** Runs a trainer until it has read so far. */
    private void run(int until) {
        try (StreamRunner runner = runner("state")) {
            runner.start();
            await().atMost(PATIENCE).until(() -> committed() == until);
            assertThat(runner.failure()).isEmpty();
        }
    }

    private void send(int exposures) {
        for (int at = 0; at < exposures; at++) {
            sent++;
            producer.send(Streams.exposure("e" + sent, "u1", "i1", T0 + sent));
        }
        producer.flush();
    }

    private long committed() {
        return cluster.ask(admin -> Optional.ofNullable(admin.listConsumerGroupOffsets(ATTRIBUTE)
                        .partitionsToOffsetAndMetadata()
                        .get()
                        .get(partition(topics.exposures())))
                .map(OffsetAndMetadata::offset)
                .orElse(-1L));
    }

    private Set<String> topicsThere() {
        return cluster.ask(admin -> admin.listTopics().names().get());
    }

    private void delete(long before) {
        cluster.ask(admin -> admin.deleteRecords(
                        Map.of(partition(topics.exposures()), RecordsToDelete.beforeOffset(before)))
                .all()
                .get());
    }

    private StreamRunner runner(String state) {
        return runner(state, clients);
    }

    private StreamRunner runner(String state, ClientSettings with) {
        Map<Part, Topology> topologies = Map.of(
                Part.ATTRIBUTE,
                MillraceTopology.attribute(topics, Streams.attribution(), Streams.attributionKept(), wire, topic -> 1));
        return new StreamRunner(
                StreamSettings.read(Streams.reader(
                        "stream.state-directory", directory.resolve(state).toString())),
                with,
                topologies);
    }

    private static TopicPartition partition(String topic) {
        return new TopicPartition(topic, 0);
    }
}
