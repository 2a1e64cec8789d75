package dev.millrace.app;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.Click;
import dev.millrace.event.Features;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.Outcome;
import dev.millrace.stream.Streams;
import dev.millrace.stream.shard.ReplayedRounds;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicFollower;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicSettings;
import dev.millrace.topic.Topics;
import dev.millrace.train.TrainerSettings;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.ModelRound;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two shards and their base on two processes, each of which is killed in mid-stream: every click is learnt once, and the model is the one that the
 * logs make again.
 */
class ShardsIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int SHARDS = 2;
    private static final int USERS = 40;
    private static final int ITEMS = 60;

    private static final Map<String, String> SETTINGS = Map.ofEntries(
            Map.entry("learn.shards", Integer.toString(SHARDS)),
            Map.entry("batch.size", "16"),
            Map.entry("batch.negatives", "8"),
            Map.entry("tower.dim", "8"),
            Map.entry("features.user", "user,history"),
            Map.entry("attribution.window", "60s"),
            Map.entry("attribution.cap.user-item", "0"),
            Map.entry("attribution.cap.user", "0"),
            Map.entry("stream.learn.commit-interval", "100ms"),
            Map.entry("stream.session-timeout", "6s"),
            Map.entry("train.http.port", "-1"));

    private final Path directory;
    private final TopicNames topics = TopicNames.read(new SettingsReader(SETTINGS));
    private final AvroWire wire = Streams.wire();

    ShardsIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void killedOneAfterTheOtherTheyLearnEveryClickOnceAndTheLogsMakeTheModelAgain() throws Exception {
        try (Run run = new Run()) {
            run.sendUntilRounds(0, 10);
            run.kill(0);
            run.sendUntilRounds(1, 5); // by the other one, or after its take-over
            run.start(0);
            run.sendUntilRounds(2, 5);
            run.kill(1);
            run.sendUntilRounds(3, 5);
            run.start(1);
            run.sendUntilRounds(4, 5);

            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThat(run.account("clicks").received()).isEqualTo(run.clicks.size()));
            Books.Account clicks = run.account("clicks");
            assertThat(clicks.isBalanced()).as(clicks.inWords()).isTrue();
            assertThat(clicks.outcome(Outcome.ATTRIBUTED)).as(clicks.inWords()).isEqualTo(run.clicks.size());
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(run.learntIds()).hasSizeGreaterThanOrEqualTo(run.clicks.size()));
            assertThat(run.learntIds()).doesNotHaveDuplicates().hasSameElementsAs(run.clicks);
            await().atMost(PATIENCE).until(run::isMerged);
            for (int shard = 0; shard < SHARDS; shard++) {
                int ofShard = run.batches(shard).stream()
                        .mapToInt(batch -> batch.examples().size())
                        .sum();
                String part = "shard-" + shard;
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(run.examples(part).outcome(Outcome.LEARNT))
                                .isEqualTo(ofShard));
                assertThat(ofShard).isPositive();
                assertThat(run.examples(part).isBalanced()).isTrue();
                assertThat(run.examples(part).waiting()).isZero();
            }

            TrainerSettings settings = TrainerSettings.read(new SettingsReader(SETTINGS));
            try (ReplayedRounds replayed = new ReplayedRounds(settings)) {
                List<String> digests = replayed.run(run.batches, run.rounds);
                Optional<TrainingProgress> published = Optional.ofNullable(run.progress.get(PartProgress.LEARNER))
                        .flatMap(PartProgress::training);
                assertThat(published.map(TrainingProgress::digest)).contains(digests.get(digests.size() - 1));
            }
        }
    }

    /** One broker, two trainers, and what came out. */
    private final class Run implements AutoCloseable {

        final TreeSet<String> clicks = new TreeSet<>();
        final Map<Integer, List<MiniBatch>> batches = new ConcurrentHashMap<>(); // by shard
        final List<ModelRound> rounds = new CopyOnWriteArrayList<>();
        final Map<String, PartProgress> progress = new ConcurrentHashMap<>();

        private final EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"));
        private final ClientSettings clients = ClientSettings.of(broker.bootstrapServers());
        private final EventProducer producer = new EventProducer(clients, topics, wire);
        private final List<TopicFollower> followers = new ArrayList<>();
        private final Map<Integer, Process> trainers = new HashMap<>();
        private int sent;

        Run() throws IOException {
            new Topics(clients, TopicSettings.read(new SettingsReader(SETTINGS)), PATIENCE).create();
            followers.add(TopicFollower.start(clients, topics.miniBatches(), record -> batches(record.partition())
                    .add(wire.decode(Topic.MINI_BATCHES, record).orElseThrow())));
            followers.add(TopicFollower.start(
                    clients,
                    topics.modelRounds(),
                    record -> rounds.add(wire.decode(Topic.MODEL_ROUNDS, record).orElseThrow())));
            followers.add(TopicFollower.start(
                    clients, topics.trainingProgress(), record -> wire.decode(Topic.TRAINING_PROGRESS, record)
                            .ifPresent(part -> progress.put(part.part(), part))));
            for (int item = 0; item < ITEMS; item++) {
                producer.send(Streams.item("i" + item));
            }
            producer.flush();
            start(0);
            start(1);
        }

        /** Sends events, little by little, until so many more rounds have deltas. */
        void sendUntilRounds(int phase, int more) {
            int before = merged();
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).until(() -> {
                send(40);
                return merged() >= before + more;
            });
            assertThat(merged()).as("phase " + phase).isGreaterThanOrEqualTo(before + more);
        }

        private int merged() {
            return (int)
                    rounds.stream().filter(round -> !round.deltas().isEmpty()).count();
        }

        /** Seeded exposures, about every second of which is clicked. */
        private void send(int count) {
            for (int end = sent + count; sent < end; sent++) {
                String user = "u" + CounterRandom.below(USERS, 1, sent, 0);
                String item = "i" + CounterRandom.below(ITEMS, 1, sent, 1);
                long time = T0 + sent * 10L;
                String exposure = "e%06d".formatted(sent);
                producer.send(Streams.exposure(exposure, user, item, time));
                if (CounterRandom.below(2, 1, sent, 2) == 0) {
                    String id = "c%06d".formatted(sent);
                    producer.send(new Click(
                            id, user, item, Optional.of(exposure), "click", 1, time + 5, time + 5, Features.NONE));
                    clicks.add(id);
                }
            }
            producer.flush();
        }

        List<MiniBatch> batches(int shard) {
            return batches.computeIfAbsent(shard, none -> new CopyOnWriteArrayList<>());
        }

        List<String> learntIds() {
            return batches.values().stream()
                    .flatMap(List::stream)
                    .flatMap(batch -> batch.examples().stream())
                    .map(TrainingExample::id)
                    .toList();
        }

        /** Whether rounds have taken the last step of each shard, and the last round's digest is known. */
        boolean isMerged() {
            for (int shard = 0; shard < SHARDS; shard++) {
                int of = shard;
                long last = batches(shard).get(batches(shard).size() - 1).step();
                if (rounds.stream()
                        .flatMap(round -> round.deltas().stream())
                        .noneMatch(delta -> delta.origin().shard() == of && delta.lastStep() == last)) {
                    return false;
                }
            }
            String digest = rounds.get(rounds.size() - 1).digest();
            return Optional.ofNullable(progress.get(PartProgress.LEARNER))
                    .flatMap(PartProgress::training)
                    .filter(training -> training.digest().equals(digest))
                    .isPresent();
        }

        Books.Account account(String topic) {
            return Books.sum(progress.values().stream().map(PartProgress::books))
                    .getOrDefault(topic, Books.Account.EMPTY);
        }

        Books.Account examples(String part) {
            return Optional.ofNullable(progress.get(part))
                    .map(one -> one.books().getOrDefault("training-examples", Books.Account.EMPTY))
                    .orElse(Books.Account.EMPTY);
        }

        void kill(int trainer) throws InterruptedException {
            Optional.ofNullable(trainers.get(trainer))
                    .orElseThrow()
                    .destroyForcibly()
                    .waitFor(); // SIGKILL
        }

        void start(int trainer) throws IOException {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx400m",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    "dev.millrace.cli.Millrace",
                    "train",
                    "--bootstrap-server",
                    broker.bootstrapServers(),
                    "--set",
                    "stream.state-directory=" + directory.resolve("state-" + trainer)));
            SETTINGS.forEach((key, value) -> command.addAll(List.of("--set", key + "=" + value)));
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().put("MILLRACE_LOG_LEVEL", "WARN");
            builder.redirectErrorStream(true);
            builder.redirectOutput(
                    ProcessBuilder.Redirect.appendTo(new File("target/shards-it-trainer-" + trainer + ".log")));
            trainers.put(trainer, builder.start());
        }

        @Override
        public void close() throws Exception {
            for (int trainer : trainers.keySet()) {
                kill(trainer);
            }
            producer.close();
            followers.forEach(TopicFollower::close);
            broker.close();
        }
    }
}
