package dev.millrace.stream.run;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.stream.StreamSettings;
import dev.millrace.stream.Streams;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.ClusterAdmin;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicFollower;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicSettings;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.Topology;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a trainer comes back, and how another takes over. */
class RecoveryIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String GROUP = "millrace-attribute";

    private final Path directory;
    private final TopicNames topics = Streams.topics();
    private final AvroWire wire = Streams.wire();
    private EmbeddedBroker broker;
    private final ClientSettings clients;
    private final ClusterAdmin cluster;
    private final EventProducer producer;
    private int sent;

    RecoveryIT(@TempDir Path directory) {
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
    void aCleanStopLeavesTheGroupAndAnotherGoesOnAtOnce() throws Exception {
        // the session is far longer than the patience: whoever waits for it fails
        String[] longSession = {"stream.session-timeout", "20m"};
        try (StreamRunner one = start("one", longSession)) {
            send(10);
            await().atMost(PATIENCE).until(() -> committed() == 10);
        }
        assertThat(members()).isEmpty();

        try (StreamRunner two = start("two", longSession)) {
            send(10);
            await().atMost(PATIENCE).until(() -> committed() == 20);
            assertThat(two.failure()).isEmpty();
        }
    }

    @Test
    void oneThatWasGivenItsNameKeepsItsPlaceOverAStop() throws Exception {
        String[] named = {"stream.session-timeout", "20m", "stream.instance-id", "rack-7"};
        try (StreamRunner one = start("one", named)) {
            send(10);
            await().atMost(PATIENCE).until(() -> committed() == 10);
        }
        assertThat(members()).containsExactly("rack-7-1");

        try (StreamRunner again = start("one", named)) {
            send(10);
            await().atMost(PATIENCE).until(() -> committed() == 20);
            assertThat(again.failure()).isEmpty();
        }
    }

    @Test
    void damagedStateIsRestoredFromItsChangelogAndNothingIsCountedTwice() throws Exception {
        try (StreamRunner one = start("one")) {
            send(200);
            await().atMost(PATIENCE).until(() -> committed() == 200);
        }
        List<Path> tables = tables(directory.resolve("one"));
        assertThat(tables).isNotEmpty();
        for (Path table : tables) {
            byte[] bytes = Files.readAllBytes(table);
            bytes[bytes.length / 4] ^= 1;
            Files.write(table, bytes);
        }

        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        try (StreamRunner again = runner("one");
                ProgressBooks books = new ProgressBooks()) {
            again.bindTo(meters);
            again.start();
            assertThat(again.awaitRunning(PATIENCE)).isTrue();
            send(10);
            await().atMost(PATIENCE).until(() -> books.exposures() == 210);
            assertThat(meters.get("millrace.restored.records").functionCounter().count())
                    .isGreaterThanOrEqualTo(200);
        }
    }

    @Test
    void aBrokerThatIsAwayForAWhileIsWaitedFor() throws Exception {
        try (StreamRunner runner = start("one")) {
            send(10);
            await().atMost(PATIENCE).until(() -> committed() == 10);

            broker.close();
            await().atMost(PATIENCE).until(() -> !runner.isReady());
            assertThat(runner.isAlive()).isTrue();
            assertThat(runner.states()).containsEntry("attribute", "running"); // so it is not Streams that tells

            broker = EmbeddedBroker.start(directory.resolve("broker"));
            assertThat(broker.bootstrapServers()).isEqualTo(clients.bootstrapServers());
            send(10);
            await().atMost(PATIENCE).until(() -> committed() == 20 && runner.isReady());
            await().atMost(PATIENCE).until(() -> runner.lag() == 0);
            assertThat(runner.failure()).isEmpty();
        }
    }

    private StreamRunner start(String state, String... settings) throws InterruptedException {
        StreamRunner runner = runner(state, settings);
        runner.start();
        assertThat(runner.awaitRunning(PATIENCE)).isTrue();
        return runner;
    }

    private StreamRunner runner(String state, String... settings) {
        String[] all = Stream.concat(
                        Stream.of(
                                "stream.state-directory",
                                directory.resolve(state).toString()),
                        Stream.of(settings))
                .toArray(String[]::new);
        Map<Part, Topology> topologies = Map.of(
                Part.ATTRIBUTE,
                MillraceTopology.attribute(topics, Streams.attribution(), Streams.attributionKept(), wire, topic -> 1));
        return new StreamRunner(StreamSettings.read(Streams.reader(all)), clients, topologies);
    }

    private void send(int exposures) {
        for (int at = 0; at < exposures; at++) {
            sent++;
            producer.send(Streams.exposure("e" + sent, "u1", "i1", T0 + sent));
        }
        producer.flush();
    }

    private long committed() {
        return cluster.ask(admin -> Optional.ofNullable(admin.listConsumerGroupOffsets(GROUP)
                        .partitionsToOffsetAndMetadata()
                        .get()
                        .get(new TopicPartition(topics.exposures(), 0)))
                .map(OffsetAndMetadata::offset)
                .orElse(-1L));
    }

    private List<String> members() {
        return cluster.ask(admin -> admin.describeConsumerGroups(List.of(GROUP)).all().get().values().stream()
                .flatMap(group -> group.members().stream())
                .map(member -> member.groupInstanceId().orElse("none"))
                .toList());
    }

    private static List<Path> tables(Path state) throws IOException {
        try (Stream<Path> files = Files.walk(state)) {
            return files.filter(file -> file.toString().endsWith(".sst")).toList();
        }
    }

    /** The books of all parts, as followed from their topic. */
    private final class ProgressBooks implements AutoCloseable {

        private final Map<String, PartProgress> parts = new java.util.concurrent.ConcurrentHashMap<>();
        private final TopicFollower follower;

        ProgressBooks() {
            follower = TopicFollower.start(
                    clients, topics.trainingProgress(), record -> wire.decode(Topic.TRAINING_PROGRESS, record)
                            .ifPresent(part -> parts.put(part.part(), part)));
        }

        long exposures() {
            return parts.values().stream()
                    .flatMap(part -> Optional.ofNullable(part.books().get("exposures")).stream())
                    .mapToLong(dev.millrace.state.Books.Account::received)
                    .sum();
        }

        @Override
        public void close() {
            follower.close();
        }
    }
}
