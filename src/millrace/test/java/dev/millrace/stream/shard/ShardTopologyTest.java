package dev.millrace.stream.shard;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.merge.Replica;
import dev.millrace.merge.Round;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.Utf8;
import dev.millrace.stream.GenerationTerms;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Streams;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.ClusteredClicks;
import dev.millrace.train.Figure;
import dev.millrace.train.TrainerSettings;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.ModelDeltas;
import dev.millrace.wire.ModelRound;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TrainingRecords;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The first shard and the base, record by record; the test is the broker between them. */
class ShardTopologyTest {

    private static final Duration MAX_WAIT = Duration.ofMillis(250);
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final Duration QUIET = Duration.ofSeconds(6); // a live stream
    private static final int BATCH = 16; // batch.size of the tests' settings

    private final TopicNames topics = TopicNames.read(new SettingsReader(Map.of("learn.shards", "2")));
    private final AvroWire wire = Streams.wire();
    private final TrainerSettings settings = TrainerSettings.read(Streams.reader("features.user", "user,history"));
    private final Path state;

    ShardTopologyTest(@TempDir Path state) {
        this.state = state;
    }

    private ShardTopology.Learner learner() {
        return learner(topics, "features.user", "user,history");
    }

    private ShardTopology.Learner learner(TopicNames names, String... settings) {
        SettingsReader reader = Streams.reader(settings);
        TrainerSettings read = TrainerSettings.read(reader);
        GenerationTerms terms = new GenerationTerms("test", reader.effective(), true, Duration.ofSeconds(30), () -> 0);
        return ShardTopology.Learner.of(names, wire, read, terms, MAX_WAIT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"shards", "base"})
    void describesItselfAsTheGoldenFileSays(String name) throws IOException {
        Replica replica = new Replica(new MemoryEntries());
        Topology topology = name.equals("base")
                ? ShardTopology.base(learner(), PATIENCE)
                : ShardTopology.shards(learner(), replica, new Pauses(replica));

        String described = topology.describe().toString();

        Path golden = Path.of("src/millrace/test/resources/topology", name + ".txt");
        if (Boolean.getBoolean("golden.write")) {
            Files.writeString(golden, described);
        }
        assertThat(described).isEqualTo(Files.readString(golden));
    }

    /** Both applications, and the replica between them. */
    private final class Run implements AutoCloseable {

        final Replica replica = new Replica(new MemoryEntries());
        final Pauses pauses = new Pauses(replica);
        final TopologyTestDriver base;
        final TopologyTestDriver shard;
        final List<String> paused = new ArrayList<>();
        final List<MiniBatch> batches = new ArrayList<>();
        final List<ModelRound> rounds = new ArrayList<>();
        final List<String> updates = new ArrayList<>();

        Run() {
            this(learner());
        }

        Run(ShardTopology.Learner learner) {
            base = driver("base", ShardTopology.base(learner, PATIENCE));
            shard = driver("shards", ShardTopology.shards(learner, replica, pauses));
            pauses.control(() -> paused.add("pause"), () -> paused.add("resume"));
            base.advanceWallClockTime(Duration.ofMillis(10)); // its first entries
            follow();
            replica.caughtUp();
        }

        private TopologyTestDriver driver(String name, Topology topology) {
            return new TopologyTestDriver(topology, Streams.driver(state.resolve(name)));
        }

        private static List<TestRecord<byte[], byte[]>> read(TopologyTestDriver from, String topic) {
            return from.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
                    .readRecordsToList();
        }

        /** Brings the base's commits to the replica. */
        void follow() {
            read(base, MillraceTopology.changelog("test", MillraceTopology.BASE_STORE))
                    .forEach(entry -> replica.take(entry.key(), Optional.ofNullable(entry.value())));
            read(base, topics.modelRounds())
                    .forEach(record -> rounds.add(wire.decode(Topic.MODEL_ROUNDS, record.key(), record.value())
                            .orElseThrow()));
            pauses.look();
        }

        void item(String item) {
            base.createInputTopic(topics.modelDeltas(), new ByteArraySerializer(), new ByteArraySerializer())
                    .pipeInput(
                            Utf8.bytes(item),
                            new ModelDeltas(wire)
                                    .encode(topics.modelDeltas(), new CatalogueChange.Upsert(Streams.item(item))),
                            T0);
        }

        void send(byte[] value) {
            toLearner(shard, value);
            read(shard, topics.miniBatches()).forEach(record -> {
                assertThat(Utf8.text(record.key())).startsWith("0/");
                batches.add(wire.decode(Topic.MINI_BATCHES, record.key(), record.value())
                        .orElseThrow());
            });
            read(shard, topics.modelUpdates())
                    .forEach(record -> updates.add(Utf8.text(record.key()).replace('\0', ' ')));
        }

        /** Leaves what comes of it in the topics. */
        void sendUnread(byte[] value) {
            shard.createInputTopic(topics.trainingExamples(), new ByteArraySerializer(), new ByteArraySerializer())
                    .pipeInput(Utf8.bytes("key"), value, T0);
        }

        /** Puts the latest record of each key of a topic to those known. */
        void latest(TopologyTestDriver from, String topic, Map<String, TestRecord<byte[], byte[]>> known) {
            read(from, topic).forEach(record -> known.put(latin(record.key()), record));
        }

        /**
         * Brings the shard's deltas to the base.
         *
         * @param stored takes the base's entries
         * @param published takes what it publishes, but for lists of neighbours
         * @param lists takes those
         */
        List<TestRecord<byte[], byte[]>> deliverTo(
                Map<String, TestRecord<byte[], byte[]>> stored,
                Map<String, TestRecord<byte[], byte[]>> published,
                Map<String, TestRecord<byte[], byte[]>> lists) {
            List<TestRecord<byte[], byte[]>> deltas = read(shard, topics.modelDeltas());
            deltas.forEach(record -> base.createInputTopic(
                            topics.modelDeltas(), new ByteArraySerializer(), new ByteArraySerializer())
                    .pipeInput(record.key(), record.value(), T0));
            base.advanceWallClockTime(PATIENCE.plusMillis(1));
            latest(base, MillraceTopology.changelog("test", MillraceTopology.BASE_STORE), stored);
            latest(base, topics.modelUpdates(), published);
            latest(base, topics.itemEmbeddings(), published);
            latest(base, topics.itemNeighbours(), lists);
            return new ArrayList<>(deltas);
        }

        /** Brings the shard's deltas to the base. */
        int deliver() {
            List<TestRecord<byte[], byte[]>> deltas = read(shard, topics.modelDeltas());
            deltas.forEach(record -> base.createInputTopic(
                            topics.modelDeltas(), new ByteArraySerializer(), new ByteArraySerializer())
                    .pipeInput(record.key(), record.value(), T0));
            base.advanceWallClockTime(PATIENCE.plusMillis(1));
            return deltas.size();
        }

        PartProgress progress(TopologyTestDriver of) {
            List<TestRecord<byte[], byte[]>> records = read(of, topics.trainingProgress());
            TestRecord<byte[], byte[]> last = records.get(records.size() - 1);
            return wire.decode(Topic.TRAINING_PROGRESS, last.key(), last.value())
                    .orElseThrow();
        }

        @Override
        public void close() {
            base.close();
            shard.close();
        }
    }

    private byte[] example(SplittableRandom random) {
        String user = "u" + random.nextInt(20);
        UserFeatures features = new UserFeatures(user, T0, Features.NONE, List.of("i" + random.nextInt(10)));
        return new TrainingRecords(wire)
                .encode(
                        topics.trainingExamples(),
                        new TrainingExample(
                                "c", features, Features.NONE, "i" + random.nextInt(12), "click", 1, T0, T0));
    }

    /** The base comes to know of deltas late and several at once, and the shard of rounds. */
    @Test
    void whatBaseAndShardMadeIsMadeAgainFromTheLog() {
        SplittableRandom random = new SplittableRandom(5);
        try (Run run = new Run()) {
            for (int item = 0; item < 10; item++) { // two more come with the examples
                run.item("i" + item);
            }
            run.deliver();
            run.follow();
            for (int batch = 0; batch < 30; batch++) {
                for (int at = 0; at < BATCH; at++) {
                    run.send(example(random));
                }
                if (batch == 17) {
                    run.send(new TrainingRecords(wire).encodeUserRemoval(topics.trainingExamples(), "u3"));
                }
                if (random.nextInt(3) == 0) {
                    run.deliver();
                }
                if (random.nextInt(3) == 0) {
                    run.follow();
                }
            }
            run.deliver();
            run.follow();

            assertThat(run.batches).hasSizeGreaterThanOrEqualTo(30);
            assertThat(run.rounds).hasSizeGreaterThan(5);
            try (ReplayedRounds replayed = new ReplayedRounds(settings)) {
                List<String> digests = replayed.run(Map.of(0, run.batches), run.rounds, (round, base) -> {});

                PartProgress base = run.progress(run.base);
                assertThat(base.part()).isEqualTo(PartProgress.LEARNER);
                assertThat(base.training().orElseThrow().digest()).isEqualTo(digests.get(digests.size() - 1));
                ModelRound last = run.rounds.stream()
                        .filter(round -> !round.deltas().isEmpty())
                        .reduce((one, other) -> other)
                        .orElseThrow();
                Round.Taken delta = last.deltas().get(last.deltas().size() - 1);
                assertThat(base.training().orElseThrow().figure(Figure.ROUNDS_LATE, "0"))
                        .isEqualTo(last.batch().step() - 1.0 - delta.origin().round());
            }
            PartProgress shard = run.progress(run.shard);
            assertThat(shard.part()).isEqualTo("shard-0");
            Books.Account examples = Books.Account.of(InputTopic.EXAMPLES, shard.books());
            // 30 batches and the removal of a user
            assertThat(examples.received()).isEqualTo(30 * BATCH + 1);
            assertThat(examples.isBalanced()).isTrue();
            assertThat(run.updates).anyMatch(key -> key.contains("user u"));
        }
    }

    /**
     * As in {@code ShardLearnerTest}: steps so short that a float holds each change, no numeric feature, announced items, weights of 1. Each record
     * is a commit here, so that each batch is a delta, and a round.
     */
    @Test
    void oneLearnerWithItsBaseApartHasTheBitsOfOneAloneWhereARoundIsABatch() {
        TopicNames apart = TopicNames.read(new SettingsReader(Map.of("learn.base-apart", "true")));
        ShardTopology.Learner learner = learner(
                apart,
                "features.user",
                "history",
                "optimiser.dense.learning-rate",
                "0.0001",
                "optimiser.rows.learning-rate",
                "0.0001");
        Topology alone = MillraceTopology.learn(topics, learner.settings(), MAX_WAIT, wire, learner.terms());
        SplittableRandom random = new SplittableRandom(5);
        try (Run run = new Run(learner);
                TopologyTestDriver one = new TopologyTestDriver(alone, Streams.driver(state.resolve("alone")))) {
            for (int item = 0; item < 12; item++) {
                run.item("i" + item);
                toLearner(
                        one,
                        new TrainingRecords(wire)
                                .encode(
                                        topics.trainingExamples(),
                                        new CatalogueChange.Upsert(Streams.item("i" + item))));
            }
            for (TopologyTestDriver each : List.of(run.base, one)) {
                each.advanceWallClockTime(QUIET); // the items come
                each.advanceWallClockTime(MAX_WAIT.plusMillis(1));
            }
            run.follow();
            for (int step = 2; step < 14; step++) {
                for (int at = 0; at < BATCH; at++) {
                    byte[] example = example(random);
                    run.send(example);
                    toLearner(one, example);
                }
                assertThat(run.deliver()).as("deltas of step " + step).isEqualTo(1);
                run.follow();

                TrainingProgress base = run.progress(run.base).training().orElseThrow();
                TrainingProgress learnt = run.progress(one).training().orElseThrow();
                assertThat(base.step()).isEqualTo(step).isEqualTo(learnt.step());
                assertThat(base.digest())
                        .as("digest of step " + step)
                        .isNotEmpty()
                        .isEqualTo(learnt.digest());
            }
        }
    }

    private void toLearner(TopologyTestDriver learner, byte[] value) {
        learner.createInputTopic(topics.trainingExamples(), new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(Utf8.bytes("key"), value, T0);
    }

    @Test
    void theLearnersThatAProcessHasAtTheMomentShareItsHeapForRows() {
        ShardTopology.Learner learner = learner();
        long all = settings.cacheBytes();
        try (Run run = new Run(learner)) {
            assertThat(learner.shares().one()).isEqualTo(all); // of the base, which has begun
            run.send(example(new SplittableRandom(5)));
            assertThat(learner.shares().one()).isEqualTo(all / 2);
        }
        assertThat(learner.shares().one()).isEqualTo(all);
    }

    @Test
    void noUserIsNamedInWhatTheBaseReadsOrWrites() {
        try (Run run = new Run()) {
            run.item("i1");
            run.deliver();
            run.follow();
            UserFeatures ann = new UserFeatures("annabella", T0, Features.NONE, List.of("i1"));
            for (int at = 0; at < BATCH; at++) {
                run.send(new TrainingRecords(wire)
                        .encode(
                                topics.trainingExamples(),
                                new TrainingExample("c", ann, Features.NONE, "i1", "click", 1, T0, T0)));
            }
            run.send(new TrainingRecords(wire).encodeUserRemoval(topics.trainingExamples(), "annabella"));
            run.shard.advanceWallClockTime(MAX_WAIT.plusMillis(1));
            List<TestRecord<byte[], byte[]>> seen = new ArrayList<>();
            List<TestRecord<byte[], byte[]>> deltas = Run.read(run.shard, topics.modelDeltas());
            seen.addAll(deltas);
            deltas.forEach(record -> run.base
                    .createInputTopic(topics.modelDeltas(), new ByteArraySerializer(), new ByteArraySerializer())
                    .pipeInput(record.key(), record.value(), T0));
            run.base.advanceWallClockTime(PATIENCE.plusMillis(1));
            for (String topic : List.of(
                    topics.modelRounds(),
                    topics.modelUpdates(),
                    topics.itemEmbeddings(),
                    topics.itemNeighbours(),
                    MillraceTopology.changelog("test", MillraceTopology.BASE_STORE))) {
                seen.addAll(Run.read(run.base, topic));
            }

            assertThat(deltas).isNotEmpty();
            assertThat(seen)
                    .hasSizeGreaterThan(20)
                    .noneMatch(record -> hasName(record.key()) || (record.value() != null && hasName(record.value())));
        }
    }

    /** Her clicks fill a batch that is learnt and merged; two more wait when she leaves. */
    @Test
    void ofAnErasedUserNothingIsLeftInTheShardsNorInTheBase() {
        byte[] listOfFirst = Topic.itemKey(settings.model().generationName(), "i1");
        Map<String, TestRecord<byte[], byte[]>> ofShard = new TreeMap<>(); // the latest of each key
        Map<String, TestRecord<byte[], byte[]>> ofBase = new TreeMap<>();
        Map<String, TestRecord<byte[], byte[]>> published = new TreeMap<>();
        Map<String, TestRecord<byte[], byte[]>> lists = new TreeMap<>();
        try (Run run = new Run()) {
            run.item("i1");
            run.item("i2");
            run.deliver();
            run.follow();
            for (int at = 0; at < BATCH + 2; at++) {
                run.sendUnread(clickOf(at % 2 == 0 ? "annabella" : "bob", at));
            }
            List<TestRecord<byte[], byte[]>> deltas = run.deliverTo(ofBase, published, lists);
            run.latest(run.shard, MillraceTopology.changelog("test", MillraceTopology.SHARD_STORE), ofShard);
            run.latest(run.shard, topics.modelUpdates(), published);
            assertThat(ofShard.values()).anyMatch(ShardTopologyTest::hasName);
            assertThat(published.values()).anyMatch(ShardTopologyTest::hasName);
            assertThat(lists.get(latin(listOfFirst))).matches(list -> has(list, "i2")); // she alone clicked both

            run.sendUnread(new TrainingRecords(wire).encodeUserRemoval(topics.trainingExamples(), "annabella"));
            run.shard.advanceWallClockTime(MAX_WAIT.plusMillis(1));
            deltas.addAll(run.deliverTo(ofBase, published, lists));
            run.latest(run.shard, MillraceTopology.changelog("test", MillraceTopology.SHARD_STORE), ofShard);
            run.latest(run.shard, topics.modelUpdates(), published);

            assertThat(deltas).hasSize(2).noneMatch(ShardTopologyTest::hasName);
            assertThat(ofShard.values()).noneMatch(ShardTopologyTest::hasName).anyMatch(record -> has(record, "bob"));
            assertThat(ofBase.values()).noneMatch(ShardTopologyTest::hasName);
            assertThat(lists.get(latin(listOfFirst))).matches(list -> !has(list, "i2"));
            assertThat(published.values()).noneMatch(ShardTopologyTest::hasName);
            assertThat(published.keySet()).anyMatch(key -> key.contains("annabella")); // her tombstone
        }
    }

    private byte[] clickOf(String user, int number) {
        List<String> history = user.equals("annabella") ? List.of("i2") : List.of();
        UserFeatures features = new UserFeatures(user, T0, Features.NONE, history);
        TrainingExample click =
                new TrainingExample("c" + number, features, Features.NONE, "i1", "click", 1, T0 + number, T0);
        return new TrainingRecords(wire).encode(topics.trainingExamples(), click);
    }

    /** Whether the name is in a value, or in the key of a value; that of a tombstone does not count. */
    private static boolean hasName(TestRecord<byte[], byte[]> record) {
        return record.value() != null && (hasName(record.key()) || has(record, "annabella"));
    }

    private static boolean has(TestRecord<byte[], byte[]> record, String text) {
        return record.value() != null && latin(record.value()).contains(text);
    }

    private static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static boolean hasName(byte[] bytes) {
        return latin(bytes).contains("annabella");
    }

    /** Only the base can say whether the model is good. Until it does, the rows of users wait. */
    @Test
    void whileTheBaseWithholdsNoRowOfAUserGoesOutAndAfterwardsAllDo() {
        ShardTopology.Learner gated = learner(
                topics, "features.user", "user,history", "publish.gate.window", "320", "publish.gate.recall-at", "10");
        ClusteredClicks clicks = new ClusteredClicks(5, 10, 20, T0);
        try (Run run = new Run(gated)) {
            clicks.items().forEach(run::item);
            for (int batch = 0; batch < 300; batch++) {
                learn(run, clicks::good);
            }
            assertThat(run.replica.isWithheld()).isFalse();
            for (int batch = 0; batch < 100 && !run.replica.isWithheld(); batch++) {
                learn(run, clicks::garbage);
            }
            assertThat(run.replica.isWithheld()).isTrue();
            run.updates.clear();

            for (int batch = 0; batch < 5; batch++) {
                learn(run, clicks::garbage);
            }

            assertThat(run.replica.isWithheld()).isTrue();
            assertThat(run.updates).isEmpty();
            for (int batch = 0; batch < 400 && run.replica.isWithheld(); batch++) {
                learn(run, clicks::good);
            }
            assertThat(run.replica.isWithheld()).isFalse();
            learn(run, clicks::good);
            assertThat(new TreeSet<>(run.updates)).hasSize(500); // a row of each user
        }
    }

    private void learn(Run run, Supplier<TrainingExample> examples) {
        for (int at = 0; at < BATCH; at++) {
            run.send(new TrainingRecords(wire).encode(topics.trainingExamples(), examples.get()));
        }
        run.deliver();
        run.follow();
    }

    @Test
    void aShardPausesWhileTooManyDeltasAreNotHandled() {
        SplittableRandom random = new SplittableRandom(5);
        try (Run run = new Run()) {
            run.item("i1");
            run.deliver();
            run.follow();
            assertThat(run.paused).containsExactly("pause", "resume"); // until the base had its first entries
            run.paused.clear();
            int sent = 0;
            while (run.paused.isEmpty() && sent < 100) {
                for (int at = 0; at < BATCH; at++) {
                    run.send(example(random));
                }
                sent++;
            }

            // each record is a commit of its own here, so that each batch is a delta
            assertThat(sent).isEqualTo(16);
            assertThat(run.paused).containsExactly("pause");
            run.deliver();
            run.follow();
            assertThat(run.paused).containsExactly("pause", "resume");
        }
    }
}
