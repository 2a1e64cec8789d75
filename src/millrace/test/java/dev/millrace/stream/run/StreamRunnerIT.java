package dev.millrace.stream.run;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.Utf8;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
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
    void aClickBecomesAnEmbedding() throws Exception {
        try (Run run = new Run(Map.of(Part.ATTRIBUTE, attribute(), Part.LEARN, learn()))) {
            SimpleMeterRegistry meters = new SimpleMeterRegistry();
            run.runner.bindTo(meters);
            run.start();
            try (Stream<Path> kept = Files.list(directory.resolve("state"))) {
                Set<PosixFilePermission> owner = PosixFilePermissions.fromString("rwx------");
                assertThat(kept.filter(each -> Files.isDirectory(each.resolve("0_0"))))
                        .hasSize(2)
                        .allSatisfy(application -> assertThat(Files.getPosixFilePermissions(application))
                                .isEqualTo(owner));
            }
            assertThat(run.runner.states()).isEqualTo(Map.of("attribute", "running", "learn", "running"));
            assertThat(meters.getMeters()).isNotEmpty();

            run.producer.send(Streams.exposure("e1", "u1", "i1", T0));
            run.producer.send(Streams.click("c1", "u1", "i1", T0 + 5));
            run.producer.flush();

            await().atMost(PATIENCE).until(() -> run.embeddings.stream()
                    .anyMatch(embedding -> embedding.item().equals("i1")
                            && embedding.producedAt() == T0 + 5 + 7)); // as Streams.click stamps it

            run.producer.sendBytes(topics.trainingExamples(), Utf8.bytes("k"), Optional.of(new byte[] {9}), T0);

            await().atMost(PATIENCE).until(() -> !run.runner.isAlive());
            assertThat(run.runner.failure()).isPresent();
            assertThat(run.runner.failure().get())
                    .hasStackTraceContaining("of training-examples-0 cannot be read, learning stops before it");
        }
    }

    /** The interval is longer than what is waited here. */
    @Test
    void aSingleStepIsCommittedAtOnce() throws Exception {
        try (Run run = new Run(
                Map.of(Part.LEARN, learn()),
                "stream.learn.commit-interval",
                "1m",
                "stream.transaction-timeout",
                "5m")) {
            run.start();
            byte[] item = new TrainingRecords(wire)
                    .encode(topics.trainingExamples(), new CatalogueChange.Upsert(Streams.item("i1")));

            run.producer.sendBytes(topics.trainingExamples(), Utf8.bytes("i1"), Optional.of(item), T0);

            await().atMost(PATIENCE).until(() -> !run.embeddings.isEmpty());
        }
    }

    /** The timers of Kafka Streams are longer than what is waited here, so a commit comes only if the event asks for it. */
    @Test
    void eventsAskForTheirCommitsAtOnceOrAfterTheInterval() throws Exception {
        try (Run run = new Run(
                Map.of(Part.ATTRIBUTE, attribute()),
                "stream.attribute.commit-interval",
                "10s",
                "stream.transaction-timeout",
                "10m")) {
            run.start();
            run.producer.send(Streams.item("i1"));
            run.producer.flush();
            await().atMost(PATIENCE).until(() -> run.items.equals(List.of(1L)));
            run.producer.send(Streams.item("i1"));
            run.producer.send(Streams.item("i1"));
            run.producer.flush();

            await().atMost(PATIENCE).until(() -> run.items.equals(List.of(1L, 3L)));
        }
    }

    private Topology attribute() {
        return Streams.attribute(topics, wire, 2);
    }

    private Topology learn() {
        return MillraceTopology.learn(topics, Streams.trainer(), Duration.ofMillis(100), wire, Streams.terms());
    }

    /** Applications on a broker of their own, and what they write. */
    private final class Run implements AutoCloseable {

        final List<ItemEmbedding> embeddings = new CopyOnWriteArrayList<>();
        final List<Long> items = new CopyOnWriteArrayList<>(); // received, at each commit
        final StreamRunner runner;
        final EventProducer producer;
        private final EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"));
        private final List<TopicFollower> followers = new ArrayList<>();

        Run(Map<Part, Topology> topologies, String... settings) {
            ClientSettings clients = ClientSettings.of(broker.bootstrapServers());
            new Topics(clients, TopicSettings.read(Streams.reader()), PATIENCE).create();
            Stream<String> own = Stream.of(
                    "stream.state-directory", directory.resolve("state").toString());
            String[] all = Stream.concat(own, Stream.of(settings)).toArray(String[]::new);
            runner = new StreamRunner(StreamSettings.read(Streams.reader(all)), clients, topologies);
            producer = new EventProducer(clients, topics, wire);
            followers.add(TopicFollower.start(
                    clients, topics.itemEmbeddings(), record -> wire.decode(Topic.ITEM_EMBEDDINGS, record)
                            .ifPresent(embeddings::add)));
            followers.add(TopicFollower.start(
                    clients, topics.trainingProgress(), record -> wire.decode(Topic.TRAINING_PROGRESS, record)
                            .flatMap(part -> Optional.ofNullable(part.books().get("items")))
                            .ifPresent(account -> items.add(account.received()))));
        }

        void start() throws InterruptedException {
            runner.start();
            assertThat(runner.awaitRunning(PATIENCE)).isTrue();
        }

        @Override
        public void close() {
            producer.close();
            followers.forEach(TopicFollower::close);
            runner.close();
            broker.close();
            assertThat(followers)
                    .allSatisfy(follower -> assertThat(follower.failure()).isEmpty());
        }
    }
}
