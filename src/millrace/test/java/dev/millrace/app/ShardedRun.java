package dev.millrace.app;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.cli.MillraceProcess;
import dev.millrace.event.Click;
import dev.millrace.event.Features;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.state.Books;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import dev.millrace.stream.Part;
import dev.millrace.stream.Streams;
import dev.millrace.stream.shard.ReplayedRounds;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicFollower;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.Topics;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.ModelRound;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.utils.Utils;

/**
 * A model with two learners on trainers that are processes: what they are sent, what a test does to them, and whether what came out is right.
 *
 * <p>Right is: each click is learnt once, the books balance, and mini-batches and rounds make each delta, each round and all that was published
 * again, bit for bit.
 */
public final class ShardedRun implements AutoCloseable {

    /** Much longer than anything takes: other work on the machine must not decide. */
    public static final Duration PATIENCE = Duration.ofMinutes(4);

    public static final int SHARDS = 2;

    private static final int USERS = 40;
    private static final int ITEMS = 60;
    private static final int EVENTS_AT_ONCE = 20;
    private static final Duration STOP = Duration.ofSeconds(60);
    private static final int TERMINATED = 128 + 15;

    private static final Map<String, String> SETTINGS = Map.ofEntries(
            Map.entry("learn.shards", Integer.toString(SHARDS)),
            Map.entry("batch.size", "16"),
            Map.entry("batch.negatives", "8"),
            Map.entry("tower.dim", "8"),
            Map.entry("features.user", "user,history"),
            Map.entry("attribution.window", "1h"), // as long as a trainer may be away
            Map.entry("attribution.click-wait", "1h"),
            Map.entry("attribution.cap.user-item", "0"),
            Map.entry("attribution.cap.user", "0"),
            Map.entry("stream.learn.commit-interval", "100ms"),
            Map.entry("stream.session-timeout", "6s"),
            Map.entry("serve.port", "0"),
            Map.entry("train.http.port", "-1"));

    private final Path directory;
    private final Map<String, String> given = new TreeMap<>(SETTINGS);
    private final TopicNames topics;
    private final AvroWire wire = Streams.wire();
    private final EventProducer producer;
    private final List<TopicFollower> followers = new ArrayList<>();
    private final SortedMap<Integer, MillraceProcess> trainers = new TreeMap<>();
    /** By shard. */
    private final List<List<String>> users = List.of(new ArrayList<>(), new ArrayList<>());

    private final Map<Integer, List<MiniBatch>> batches = new ConcurrentHashMap<>(); // by shard
    private final List<ModelRound> rounds = new CopyOnWriteArrayList<>();
    private final Map<String, PartProgress> progress = new ConcurrentHashMap<>();
    private final Set<String> clicks = new TreeSet<>();
    private final Set<String> forgettable = new TreeSet<>(); // clicks that need not be learnt
    private int percentOfFirstShard = 50;
    private int sent;
    private int starts;

    /**
     * Creates the topics, and sends the items.
     *
     * @param directory of all state and of what the processes print
     * @param keysAndValues settings beside those of all runs
     */
    public ShardedRun(Path directory, String bootstrapServers, String... keysAndValues) throws IOException {
        this.directory = directory.toAbsolutePath();
        given.put("kafka.bootstrap.servers", bootstrapServers);
        given.put("serve.state-dir", this.directory.resolve("serve").toString());
        for (int at = 0; at < keysAndValues.length; at += 2) {
            given.put(keysAndValues[at], keysAndValues[at + 1]);
        }
        MillraceSettings settings = settings();
        topics = settings.topics().names();
        new Topics(settings.clients(), settings.topics(), PATIENCE).create();
        producer = new EventProducer(settings.clients(), topics, wire);
        for (int user = 0; user < USERS; user++) {
            String id = "u" + user;
            users.get(shardOf(id)).add(id);
        }
        if (topics.areShared()) {
            followShards();
        }
        for (int item = 0; item < ITEMS; item++) {
            producer.send(Streams.item("i" + item));
        }
        producer.flush();
    }

    private void followShards() {
        follow(topics.miniBatches(), record -> log(record.partition())
                .add(wire.decode(Topic.MINI_BATCHES, record).orElseThrow()));
        follow(
                topics.modelRounds(),
                record -> rounds.add(wire.decode(Topic.MODEL_ROUNDS, record).orElseThrow()));
        follow(topics.trainingProgress(), record -> wire.decode(Topic.TRAINING_PROGRESS, record)
                .ifPresent(part -> progress.put(part.part(), part)));
    }

    private void follow(String topic, Consumer<TopicRecord> each) {
        followers.add(TopicFollower.start(settings().clients(), topic, each));
    }

    /** Returns the shard that has a user. */
    public static int shardOf(String user) {
        return Utils.toPositive(Utils.murmur2(Utf8.bytes(user))) % SHARDS;
    }

    public MillraceSettings settings() {
        return MillraceSettings.load(List.of(), Map.of(), Map.of(), given);
    }

    /** Sets something for the processes that are started from now on. */
    public void set(String key, String value) {
        given.put(key, value);
    }

    /** Says how many of a hundred events are of users of the first shard. */
    public void favourFirstShard(int percent) {
        percentOfFirstShard = percent;
    }

    /** What sends the catalogue, and removals. */
    public EventProducer producer() {
        return producer;
    }

    /** Returns the time of the next event. */
    public long now() {
        return T0 + sent * 10L;
    }

    /** Sends an exposure and a click of a user, or on an item, that is about to be removed: it need not be learnt. */
    public void sendForgettable(String user, String item) {
        forgettable.add(send(user, item));
        sent++;
    }

    // what happens

    /** Starts a trainer. */
    public MillraceProcess start(int trainer) throws IOException {
        return start(trainer, MillraceProcess.Launch.PROGRAM, "train");
    }

    /**
     * Starts a trainer of a class of its own.
     *
     * @param arguments before the settings
     */
    public MillraceProcess start(int trainer, MillraceProcess.Launch launch, String... arguments) throws IOException {
        MillraceProcess process = MillraceProcess.start(
                launch.with(List.of("-Xmx400m", "-XX:TieredStopAtLevel=1")),
                directory,
                "trainer-" + trainer + "-" + ++starts,
                arguments(
                        List.of(arguments),
                        Map.of(
                                "stream.state-directory",
                                directory.resolve("state-" + trainer).toString())));
        trainers.put(trainer, process);
        return process;
    }

    /** Runs another command of the program to its end. Returns its exit status and what it printed. */
    public Map.Entry<Integer, String> run(String... command) throws IOException, InterruptedException {
        try (MillraceProcess process = MillraceProcess.start(
                MillraceProcess.Launch.PROGRAM,
                directory,
                "command-" + ++starts,
                arguments(List.of(command), Map.of()))) {
            return Map.entry(process.awaitExit(PATIENCE), process.output());
        }
    }

    private String[] arguments(List<String> first, Map<String, String> more) {
        Map<String, String> all = new TreeMap<>(given);
        all.putAll(more);
        List<String> arguments = new ArrayList<>(first);
        all.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
        return arguments.toArray(String[]::new);
    }

    /** SIGKILL. */
    public void kill(int trainer) throws InterruptedException {
        Optional.ofNullable(trainers.remove(trainer)).orElseThrow().kill();
    }

    /** SIGTERM: the trainer must end as it should. */
    public void stop(int trainer) throws InterruptedException {
        MillraceProcess process = Optional.ofNullable(trainers.remove(trainer)).orElseThrow();
        try (process) {
            process.terminate();
            assertThat(process.awaitExit(STOP)).as(process.output()).isEqualTo(TERMINATED);
        }
    }

    /** Sends events, little by little, until a trainer ends by itself, with that status. */
    public void sendUntilEnd(int trainer, int status) throws InterruptedException {
        MillraceProcess process = Optional.ofNullable(trainers.remove(trainer)).orElseThrow();
        sendUntil("trainer " + trainer + " ends", () -> !process.isAlive());
        assertThat(process.awaitExit(STOP)).as(process.output()).isEqualTo(status);
    }

    /** Waits for something, while no trainer ends that nobody ended. */
    public void awaits(String what, Callable<Boolean> condition) {
        await(what).atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).until(() -> {
            requireAlive();
            return condition.call();
        });
    }

    /** Sends events, little by little, until it is so. */
    public void sendUntil(String what, Callable<Boolean> condition) {
        awaits(what, () -> {
            send(EVENTS_AT_ONCE);
            return condition.call();
        });
    }

    /** Sends events, little by little, until so many more rounds have deltas. */
    public void sendUntilRounds(String when, int more) {
        int until = merged() + more;
        sendUntil(more + " rounds " + when, () -> merged() >= until);
    }

    private void requireAlive() {
        trainers.forEach((trainer, process) -> assertThat(process.isAlive())
                .as("trainer " + trainer + " ended by itself:\n" + process.output())
                .isTrue());
        followers.forEach(
                follower -> assertThat(follower.failure()).as("what follows").isEmpty());
    }

    /** Seeded exposures, about every second of which is clicked. */
    public void send(int count) {
        for (int end = sent + count; sent < end; sent++) {
            List<String> ofShard = users.get(CounterRandom.below(100, 1, sent, 3) < percentOfFirstShard ? 0 : 1);
            String user = ofShard.get(CounterRandom.below(ofShard.size(), 1, sent, 0));
            String item = "i" + CounterRandom.below(ITEMS, 1, sent, 1);
            if (CounterRandom.below(2, 1, sent, 2) == 0) {
                String unused = send(user, item);
            } else {
                expose(user, item);
            }
        }
        producer.flush();
    }

    private void expose(String user, String item) {
        producer.send(Streams.exposure("e%06d".formatted(sent), user, item, now()));
    }

    /** Returns the id of the click. */
    private String send(String user, String item) {
        expose(user, item);
        String id = "c%06d".formatted(sent);
        long time = now() + 5;
        Optional<String> exposure = Optional.of("e%06d".formatted(sent));
        producer.send(new Click(id, user, item, exposure, "click", 1, time, time, Features.NONE));
        clicks.add(id);
        return id;
    }

    // what is known while it runs

    /** Returns the ids of the clicks that were sent. */
    public Set<String> clicks() {
        return Set.copyOf(clicks);
    }

    /** Returns the number of rounds that have deltas. */
    public int merged() {
        return (int) rounds.stream().filter(round -> !round.deltas().isEmpty()).count();
    }

    /** Returns the rounds so far. */
    public List<ModelRound> rounds() {
        return List.copyOf(rounds);
    }

    /** Returns the number of examples that a shard has learnt, as its log has them. */
    public int learnt(int shard) {
        return log(shard).stream().mapToInt(batch -> batch.examples().size()).sum();
    }

    /** Returns the number of batches of a shard. */
    public int batches(int shard) {
        return log(shard).size();
    }

    private List<MiniBatch> log(int shard) {
        return batches.computeIfAbsent(shard, none -> new CopyOnWriteArrayList<>());
    }

    private List<String> learntIds() {
        return batches.values().stream()
                .flatMap(List::stream)
                .flatMap(batch -> batch.examples().stream())
                .map(TrainingExample::id)
                .toList();
    }

    /** Returns the trainer that has a shard, as its group says; absent while nobody has. */
    public Optional<Integer> trainerOf(int shard) throws Exception {
        Optional<String> member = member(
                settings().stream().applicationId(Part.SHARDS), new TopicPartition(topics.trainingExamples(), shard));
        for (int trainer : trainers.keySet()) {
            Path name = directory.resolve("state-" + trainer).resolve("instance.id");
            if (member.isPresent()
                    && Files.exists(name)
                    && member.get().startsWith(Files.readString(name).strip())) {
                return Optional.of(trainer);
            }
        }
        return Optional.empty();
    }

    /** Returns the name of a group's member that has an input. */
    private Optional<String> member(String group, TopicPartition input) throws Exception {
        try (Admin admin = Admin.create(settings().clients().asMap())) {
            return admin.describeConsumerGroups(List.of(group)).all().get().values().stream()
                    .flatMap(described -> described.members().stream())
                    .filter(one -> one.assignment().topicPartitions().contains(input))
                    .flatMap(one -> one.groupInstanceId().stream())
                    .findFirst();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof GroupIdNotFoundException) {
                return Optional.empty(); // nobody has joined it yet
            }
            throw failed;
        }
    }

    // whether it is right

    /** Waits until all that was sent is learnt and merged, then requires that it is right. */
    public void requireRight() throws Exception {
        awaits(
                "all clicks are read, and none waits for its exposure",
                () -> account("clicks").received() >= clicks.size()
                        && account("clicks").waiting() == 0);
        Books.Account books = account("clicks");
        assertThat(books.isBalanced()).as(books.inWords()).isTrue();
        assertThat(books.outcome(Outcome.ATTRIBUTED) + books.outcome(Outcome.ERASED))
                .as(books.inWords())
                .isEqualTo(clicks.size());
        awaits("all clicks are learnt", () -> learntIds().size() + forgotten() >= clicks.size());
        assertThat(learntIds()).as("clicks in mini-batches").doesNotHaveDuplicates();
        assertThat(clicks).as("clicks that were sent").containsAll(learntIds());
        Set<String> missing = new TreeSet<>(clicks);
        missing.removeAll(Set.copyOf(learntIds()));
        assertThat(forgettable).as("clicks that need not be learnt").containsAll(missing);
        assertThat(missing).as("clicks that the books do not count as learnt").hasSize((int) forgotten());
        awaits("rounds have all steps", this::isMerged);
        for (int shard = 0; shard < SHARDS; shard++) {
            String part = "shard-" + shard;
            int ofShard = learnt(shard);
            awaits("the books of " + part, () -> examples(part).outcome(Outcome.LEARNT) == ofShard);
            assertThat(ofShard).as("examples of " + part).isPositive();
            assertThat(examples(part).isBalanced()).as(examples(part).inWords()).isTrue();
            assertThat(examples(part).waiting()).as("waiting in " + part).isZero();
        }
        requireSameBits();
    }

    private void requireSameBits() throws IOException {
        Published published = published();
        try (ReplayedRounds replayed = new ReplayedRounds(settings().trainer())) {
            List<String> digests = replayed.run(batches, rounds, published::compare);
            assertThat(training().map(TrainingProgress::digest)).contains(digests.get(digests.size() - 1));
            assertThat(published.querySide).as("model updates").isEqualTo(replayed.querySide());
        }
        assertThat(published.compared).as("vectors compared").isGreaterThanOrEqualTo(ITEMS);
    }

    /** Returns the last vector of each item. */
    public Map<String, float[]> vectors() {
        return published().last;
    }

    /** Returns the number of the last round that is known. */
    public long lastRound() {
        return rounds.get(rounds.size() - 1).batch().step();
    }

    /** What subscribers got. */
    private static final class Published {

        /** By round and item. */
        final Map<Long, Map<String, float[]>> vectors = new HashMap<>();
        /** The last of each item. */
        final Map<String, float[]> last = new TreeMap<>();
        /** The last value of each key that has one, in hexadecimal. */
        final Map<String, String> querySide = new TreeMap<>();

        private final Map<String, Long> latest = new HashMap<>();
        private int compared;

        void take(ItemEmbedding embedding) {
            if (embedding.isMark()) {
                return;
            }
            embedding
                    .vector()
                    .ifPresentOrElse(vector -> last.put(embedding.item(), vector), () -> last.remove(embedding.item()));
            if (embedding.vector().isPresent()) {
                assertThat(embedding.step())
                        .as("round of the next vector of item " + embedding.item())
                        .isGreaterThanOrEqualTo(latest.getOrDefault(embedding.item(), 0L));
                latest.put(embedding.item(), embedding.step());
                vectors.computeIfAbsent(embedding.step(), none -> new TreeMap<>())
                        .put(embedding.item(), embedding.vector().get());
            }
        }

        void take(ModelUpdate update) {
            String key = HexFormat.of().formatHex(update.key());
            update.entry()
                    .ifPresentOrElse(
                            value -> querySide.put(key, HexFormat.of().formatHex(value)), () -> querySide.remove(key));
        }

        /** Each vector that says it is of a round is what the round makes. */
        void compare(long round, Trainer base) {
            Map<String, float[]> ofRound = vectors.getOrDefault(round, Map.of());
            List<String> items = List.copyOf(ofRound.keySet());
            float[] made = new float[items.size() * base.dim()];
            base.vectors(items, made);
            for (int at = 0; at < items.size(); at++) {
                String item = items.get(at);
                assertThat(Arrays.copyOfRange(made, at * base.dim(), (at + 1) * base.dim()))
                        .as("vector of item " + item + " of round " + round)
                        .isEqualTo(ofRound.get(item));
                compared++;
            }
        }
    }

    private Published published() {
        Published published = new Published();
        try (TopicReader reader = new TopicReader(settings().clients(), PATIENCE)) {
            reader.readAll(
                    topics.itemEmbeddings(),
                    record -> published.take(
                            wire.decode(Topic.ITEM_EMBEDDINGS, record).orElseThrow()));
            reader.readAll(
                    topics.modelUpdates(),
                    record -> published.take(
                            wire.decode(Topic.MODEL_UPDATES, record).orElseThrow()));
        }
        return published;
    }

    /** Whether rounds have taken the last step of each shard, and the last round's digest is known. */
    private boolean isMerged() {
        for (int shard = 0; shard < SHARDS; shard++) {
            int of = shard;
            long last = log(shard).get(log(shard).size() - 1).step();
            if (rounds.stream()
                    .flatMap(round -> round.deltas().stream())
                    .noneMatch(delta -> delta.origin().shard() == of && delta.lastStep() == last)) {
                return false;
            }
        }
        String digest = rounds.get(rounds.size() - 1).digest();
        return training().filter(training -> training.digest().equals(digest)).isPresent();
    }

    private Optional<TrainingProgress> training() {
        return Optional.ofNullable(progress.get(PartProgress.LEARNER)).flatMap(PartProgress::training);
    }

    /** Returns the number of clicks of removed users, or on removed items, that were not learnt. */
    private long forgotten() {
        Books.Account examples = account("training-examples");
        return account("clicks").outcome(Outcome.ERASED)
                + examples.outcome(Outcome.ERASED)
                + examples.outcome(Outcome.REMOVED_ITEM);
    }

    private Books.Account account(String topic) {
        return Books.sum(progress.values().stream().map(PartProgress::books)).getOrDefault(topic, Books.Account.EMPTY);
    }

    private Books.Account examples(String part) {
        return Optional.ofNullable(progress.get(part))
                .map(one -> one.books().getOrDefault("training-examples", Books.Account.EMPTY))
                .orElse(Books.Account.EMPTY);
    }

    @Override
    public void close() throws Exception {
        for (MillraceProcess trainer : trainers.values()) {
            trainer.close();
        }
        producer.close();
        followers.forEach(TopicFollower::close);
    }
}
