package dev.millrace.stream;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.alarm.Alarm;
import dev.millrace.alarm.Symptom;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.Click;
import dev.millrace.event.Features;
import dev.millrace.neighbour.WholeLists;
import dev.millrace.state.Books;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Outcome;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicFollower;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicSettings;
import dev.millrace.topic.Topics;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL in mid-stream changes nothing: every event counts once, and the weights are those of an undisturbed learner that reads
 * the same log.
 */
class CrashIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int EXPOSURES_A_PHASE = 1500;
    private static final int EXPOSURES_AT_THE_KILL = 100;
    private static final int USERS = 40;
    private static final int ITEMS = 60;

    /**
     * Kinds of entries that are no function of the log: where input, publication and the open batch stand, the settings, what was counted, and the
     * alarms, one of which is about publication.
     */
    private static final Set<Character> BESIDE_THE_LOG = Set.of('\0', '\1', 'S', 'O', 'B', 'A');

    private final Path directory;
    private final TopicNames topics = Streams.topics();
    private final AvroWire wire = Streams.wire();

    CrashIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void killedTwiceItHasAnUndisturbedLearnersWeights() throws Exception {
        try (Run run = new Run(false)) {
            run.produceAndKill(0);
            run.produceAndKill(1);
            run.produceAndDrain(2);

            // every event has one outcome
            await().atMost(PATIENCE).untilAsserted(() -> {
                assertThat(run.account("exposures").received()).isEqualTo(run.exposures);
                assertThat(run.account("clicks"))
                        .isEqualTo(new Books.Account(
                                run.clicks.size() + run.repeatedClicks,
                                0,
                                new TreeMap<>(Map.of(
                                        "attributed", (long) run.clicks.size(),
                                        "duplicate", (long) run.repeatedClicks))));
            });
            assertThat(run.account("exposures").isBalanced()).isTrue();
            assertThat(run.account("items").outcome(Outcome.APPLIED)).isEqualTo(ITEMS);
            // and every click was learnt once
            assertThat(run.loggedIds()).doesNotHaveDuplicates().hasSameElementsAs(run.clicks);
            long steps = run.batches.size();
            await().atMost(PATIENCE).until(() -> Optional.ofNullable(run.progress.get("learn-0"))
                    .flatMap(PartProgress::training)
                    .filter(last -> last.step() == steps)
                    .isPresent());
            run.kill();
            compareWithUndisturbed(run);
        }
    }

    @Test
    void theComparisonNoticesRowsLostInACommit() throws Exception {
        try (Run run = new Run(true)) {
            run.produceAndKill(0);
            run.produceAndKill(1); // a commit by the timer may have had the rows that the first kill was to take
            run.produceAndDrain(2);
            run.kill();

            // it lost the last step that the log has, and made another of the same number
            assertThatThrownBy(() -> compareWithUndisturbed(run))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("the log must hold every step once");
        }
    }

    /** Compares the learner's changelog with a trainer that learns the log in one go, entry by entry. */
    private void compareWithUndisturbed(Run run) throws Exception {
        SortedMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
        Trainer trainer = new Trainer(Streams.trainer());
        run.batches.forEach(trainer::learn);
        trainer.publish();
        trainer.drainDirty(EntrySink.into(entries));
        Optional<TrainingProgress> published =
                Optional.ofNullable(run.progress.get("learn-0")).flatMap(PartProgress::training);
        assertThat(published.map(last -> new StepDigest(last.step(), last.digest())))
                .isPresent()
                .isEqualTo(trainer.digest());
        assertThat(published.map(CrashIT::ofTheLog)).contains(ofTheLog(trainer.progress()));
        Map<String, String> undisturbed = ofTheLog(entries);
        Map<String, String> survived = ofTheLog(run.changelog("millrace-learn-learner-changelog"));

        assertThat(survived.keySet()).isEqualTo(undisturbed.keySet()).hasSizeGreaterThan(USERS + ITEMS);
        assertThat(survived).isEqualTo(undisturbed);
    }

    /** In hexadecimal; of neighbours, the lists themselves. */
    private static Map<String, String> ofTheLog(SortedMap<byte[], byte[]> entries) {
        Map<String, String> texts = new TreeMap<>();
        WholeLists.of(entries, 'N', Streams.trainer().neighbours()).forEach((key, value) -> {
            if (!BESIDE_THE_LOG.contains((char) key[0])) {
                texts.put(HexFormat.of().formatHex(key), HexFormat.of().formatHex(value));
            }
        });
        return texts;
    }

    private static List<Alarm> ofTheLog(TrainingProgress progress) {
        return progress.alarms().stream()
                .filter(alarm -> alarm.kind() != Symptom.VECTOR_AGE)
                .toList();
    }

    /** One broker, one trainer process that is killed and started again, and what came out. */
    private final class Run implements AutoCloseable {

        final TreeSet<String> clicks = new TreeSet<>();
        final List<MiniBatch> batches = new CopyOnWriteArrayList<>();
        int exposures;
        int repeatedClicks;

        private final boolean isStoreLate;
        private final EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"));
        private final ClientSettings clients = ClientSettings.of(broker.bootstrapServers());
        private final EventProducer producer = new EventProducer(clients, topics, wire);
        private final Map<String, PartProgress> progress = new ConcurrentHashMap<>();
        private final List<TopicFollower> followers = new ArrayList<>();
        private Process trainer;

        Run(boolean isStoreLate) throws IOException {
            this.isStoreLate = isStoreLate;
            new Topics(clients, TopicSettings.read(Streams.reader()), PATIENCE).create();
            followers.add(TopicFollower.start(
                    clients,
                    topics.miniBatches(),
                    record ->
                            batches.add(wire.decode(Topic.MINI_BATCHES, record).orElseThrow())));
            followers.add(TopicFollower.start(
                    clients, topics.trainingProgress(), record -> wire.decode(Topic.TRAINING_PROGRESS, record)
                            .ifPresent(part -> progress.put(part.part(), part))));
            for (int item = 0; item < ITEMS; item++) {
                producer.send(Streams.item("i" + item));
            }
            trainer = startTrainer();
        }

        /**
         * Sends half a phase's events, and more once some of those are in the log. When the next batch is there, so that the last commit has a
         * step, it sends the rest and kills the trainer before that can be committed.
         */
        void produceAndKill(int phase) throws Exception {
            int before = batches.size();
            int end = (phase + 1) * EXPOSURES_A_PHASE;
            int middle = end - EXPOSURES_A_PHASE / 2;
            produce(phase * EXPOSURES_A_PHASE, middle);
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).until(() -> batches.size() > before + 3);
            int seen = batches.size();
            produce(middle, end - EXPOSURES_AT_THE_KILL);
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).until(() -> batches.size() > seen);
            SortedSet<String> sent = send(end - EXPOSURES_AT_THE_KILL, end);
            kill();
            producer.flush();
            assertThat(loggedIds()).as("the kill came in mid-stream").doesNotContain(sent.last());
            trainer = startTrainer();
        }

        void produceAndDrain(int phase) {
            SortedSet<String> sent = produce(phase * EXPOSURES_A_PHASE, (phase + 1) * EXPOSURES_A_PHASE);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(new TreeSet<>(loggedIds())).containsAll(sent));
        }

        private SortedSet<String> produce(int from, int to) {
            SortedSet<String> sent = send(from, to);
            producer.flush();
            return sent;
        }

        /** Seeded exposures; about every third is clicked a second later, every 20th click is sent twice. */
        private SortedSet<String> send(int from, int to) {
            TreeSet<String> sent = new TreeSet<>();
            for (int number = from; number < to; number++) {
                String user = "u" + CounterRandom.below(USERS, 1, number, 0);
                String item = "i" + CounterRandom.below(ITEMS, 1, number, 1);
                long time = T0 + number * 10L;
                String exposure = "e%06d".formatted(number);
                producer.send(Streams.exposure(exposure, user, item, time));
                exposures++;
                if (CounterRandom.below(3, 1, number, 2) == 0) {
                    String id = "c%06d".formatted(number);
                    Optional<String> shown = Optional.of(exposure);
                    Click click = new Click(id, user, item, shown, "click", 1, time + 5, time + 5, Features.NONE);
                    producer.send(click);
                    sent.add(id);
                    if (sent.size() % 20 == 0) {
                        producer.send(click);
                        repeatedClicks++;
                    }
                }
            }
            clicks.addAll(sent);
            return sent;
        }

        List<String> loggedIds() {
            return batches.stream()
                    .flatMap(batch -> batch.examples().stream())
                    .map(TrainingExample::id)
                    .toList();
        }

        Books.Account account(String topic) {
            return Books.sum(progress.values().stream().map(PartProgress::books))
                    .getOrDefault(topic, Books.Account.EMPTY);
        }

        SortedMap<byte[], byte[]> changelog(String topic) {
            SortedMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
            try (TopicFollower follower = TopicFollower.start(clients, topic, record -> record.value()
                    .ifPresentOrElse(value -> entries.put(record.key(), value), () -> entries.remove(record.key())))) {
                await().atMost(PATIENCE).until(follower::isCaughtUp);
            }
            return entries;
        }

        void kill() throws InterruptedException {
            trainer.destroyForcibly().waitFor(); // SIGKILL
        }

        @Override
        public void close() throws Exception {
            kill();
            producer.close();
            followers.forEach(TopicFollower::close);
            broker.close();
        }

        private Process startTrainer() throws IOException {
            ProcessBuilder command = new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx512m",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    KilledTrainer.class.getName(),
                    broker.bootstrapServers(),
                    directory.resolve("state").toString(),
                    Boolean.toString(isStoreLate));
            command.environment().put("MILLRACE_LOG_LEVEL", "WARN");
            command.redirectErrorStream(true);
            command.redirectOutput(ProcessBuilder.Redirect.appendTo(new File("target/crash-it-trainer.log")));
            return command.start();
        }
    }
}
