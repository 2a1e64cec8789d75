package dev.millrace.stream.run;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.settings.SettingsReader;
import dev.millrace.stream.KilledTrainer;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.stream.StreamSettings;
import dev.millrace.stream.Streams;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicFollower;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicSettings;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TrainingRecords;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.apache.kafka.streams.Topology;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StreamRunnerIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Path directory;
    private final TopicNames topics = Streams.topics();
    private final AvroWire wire = Streams.wire();

    StreamRunnerIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void oneClickGoesFromItsTopicToAnEmbeddingAndAPoisonedLogStopsTheLearner() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"))) {
            ClientSettings clients = ClientSettings.of(broker.bootstrapServers());
            new Topics(clients, TopicSettings.read(Streams.reader()), PATIENCE).create();
            List<ItemEmbedding> embeddings = new CopyOnWriteArrayList<>();
            Map<Part, Topology> topologies = Map.of(
                    Part.ATTRIBUTE,
                            MillraceTopology.attribute(
                                    topics, Streams.attribution(), Streams.attributionKept(), wire, topic -> 2),
                    Part.LEARN,
                            MillraceTopology.learn(
                                    topics, Streams.trainer(), Duration.ofMillis(100), wire, Streams.terms()));
            try (StreamRunner runner =
                            new StreamRunner(KilledTrainer.settings(directory.resolve("state")), clients, topologies);
                    TopicFollower follower = TopicFollower.start(
                            clients,
                            topics.itemEmbeddings(),
                            record -> embeddings.add(
                                    wire.decode(Topic.ITEM_EMBEDDINGS, record).orElseThrow()));
                    EventProducer producer = new EventProducer(clients, topics, wire)) {
                SimpleMeterRegistry meters = new SimpleMeterRegistry();
                runner.bindTo(meters);
                runner.start();
                assertThat(runner.awaitRunning(PATIENCE)).isTrue();
                try (Stream<Path> kept = Files.list(directory.resolve("state"))) {
                    Set<PosixFilePermission> owner = PosixFilePermissions.fromString("rwx------");
                    assertThat(kept.filter(each -> Files.isDirectory(each.resolve("0_0"))))
                            .hasSize(2)
                            .allSatisfy(application -> assertThat(Files.getPosixFilePermissions(application))
                                    .isEqualTo(owner));
                }
                assertThat(runner.states()).isEqualTo(Map.of("attribute", "running", "learn", "running"));
                assertThat(meters.getMeters()).isNotEmpty();

                producer.send(Streams.exposure("e1", "u1", "i1", T0));
                producer.send(Streams.click("c1", "u1", "i1", T0 + 5));
                producer.flush();

                await().atMost(PATIENCE).until(() -> embeddings.stream()
                        .anyMatch(embedding -> embedding.item().equals("i1")
                                && embedding.producedAt() == T0 + 5 + 7)); // as Streams.click stamps it

                producer.sendBytes(
                        topics.trainingExamples(),
                        "k".getBytes(StandardCharsets.UTF_8),
                        Optional.of(new byte[] {9}),
                        T0);

                await().atMost(PATIENCE).until(() -> !runner.isAlive());
                assertThat(runner.failure()).isPresent();
                assertThat(runner.failure().get())
                        .hasStackTraceContaining("of training-examples-0 cannot be read, learning stops before it");
                assertThat(follower.failure()).isEmpty();
            }
        }
    }

    @Test
    void stepThatComesAloneIsCommittedWithoutWaitingForTheInterval() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"))) {
            ClientSettings clients = ClientSettings.of(broker.bootstrapServers());
            new Topics(clients, TopicSettings.read(Streams.reader()), PATIENCE).create();
            StreamSettings settings = StreamSettings.read(new SettingsReader(Map.of(
                    "stream.state-directory", directory.resolve("state").toString(),
                    "stream.learn.commit-interval", "1m",
                    "stream.transaction-timeout", "5m")));
            List<ItemEmbedding> embeddings = new CopyOnWriteArrayList<>();
            try (StreamRunner runner = new StreamRunner(
                            settings,
                            clients,
                            Map.of(
                                    Part.LEARN,
                                    MillraceTopology.learn(
                                            topics,
                                            Streams.trainer(),
                                            Duration.ofMillis(100),
                                            wire,
                                            Streams.terms())));
                    TopicFollower follower = TopicFollower.start(
                            clients,
                            topics.itemEmbeddings(),
                            record -> embeddings.add(
                                    wire.decode(Topic.ITEM_EMBEDDINGS, record).orElseThrow()));
                    EventProducer producer = new EventProducer(clients, topics, wire)) {
                runner.start();
                assertThat(runner.awaitRunning(PATIENCE)).isTrue();

                producer.sendBytes(
                        topics.trainingExamples(),
                        "i1".getBytes(StandardCharsets.UTF_8),
                        Optional.of(new TrainingRecords(wire)
                                .encode(topics.trainingExamples(), new CatalogueChange.Upsert(Streams.item("i1")))),
                        T0);

                // the interval is longer than what is waited here
                await().atMost(PATIENCE).until(() -> !embeddings.isEmpty());
                assertThat(follower.failure()).isEmpty();
            }
        }
    }

    /** The timers of Kafka Streams are longer than what is waited here, so a commit comes only if the event asks for it. */
    @Test
    void eventsAskForTheirCommitsAtOnceOrAfterTheInterval() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"))) {
            ClientSettings clients = ClientSettings.of(broker.bootstrapServers());
            new Topics(clients, TopicSettings.read(Streams.reader()), PATIENCE).create();
            StreamSettings settings = StreamSettings.read(new SettingsReader(Map.of(
                    "stream.state-directory", directory.resolve("state").toString(),
                    "stream.attribute.commit-interval", "3s",
                    "stream.transaction-timeout", "10m")));
            List<Long> received = new CopyOnWriteArrayList<>();
            try (StreamRunner runner = new StreamRunner(
                            settings,
                            clients,
                            Map.of(
                                    Part.ATTRIBUTE,
                                    MillraceTopology.attribute(
                                            topics,
                                            Streams.attribution(),
                                            Streams.attributionKept(),
                                            wire,
                                            topic -> 2)));
                    TopicFollower follower = TopicFollower.start(
                            clients, topics.trainingProgress(), record -> wire.decode(Topic.TRAINING_PROGRESS, record)
                                    .flatMap(part ->
                                            Optional.ofNullable(part.books().get("items")))
                                    .ifPresent(account -> received.add(account.received())));
                    EventProducer producer = new EventProducer(clients, topics, wire)) {
                runner.start();
                assertThat(runner.awaitRunning(PATIENCE)).isTrue();

                producer.send(Streams.item("i1"));
                producer.flush();
                await().atMost(PATIENCE).until(() -> received.equals(List.of(1L)));
                producer.send(Streams.item("i1"));
                producer.send(Streams.item("i1"));
                producer.flush();

                await().atMost(PATIENCE).until(() -> received.equals(List.of(1L, 3L)));
                assertThat(follower.failure()).isEmpty();
            }
        }
    }
}
