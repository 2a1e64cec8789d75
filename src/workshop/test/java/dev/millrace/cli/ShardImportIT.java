package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.TestCluster;
import dev.millrace.app.TrainProcess;
import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.model.SharedNumbers;
import dev.millrace.operation.Progress;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySource;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import dev.millrace.stream.Changelog;
import dev.millrace.stream.Part;
import dev.millrace.stream.run.LostContinuityException;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.ProgressLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.Trainer;
import dev.millrace.wire.ModelRound;
import dev.millrace.wire.Topic;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints of one learner, and of several, become shards in topics of their own, which go on with weights, users and step. */
@Tag("slow")
class ShardImportIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int CLICKS = 400;
    private static final int ITEMS = 40;
    private static final List<String> TOPICS = List.of(
            "exposures",
            "clicks",
            "users",
            "items",
            "training-examples",
            "mini-batches",
            "item-embeddings",
            "model-updates",
            "item-neighbours",
            "generations",
            "user-features",
            "training-progress",
            "dead-letters",
            "model-deltas",
            "model-rounds");

    private final Commands commands = new Commands();
    private final ObjectMapper json = new ObjectMapper();
    private final Path directory;

    ShardImportIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void shardsGoOnFromTheLearnerOfACheckpoint() throws Exception {
        Map<String, String> small = Map.of("batch.size", "16", "batch.max-wait", "50ms", "publish.most-moved", "0");
        try (TestCluster cluster = new TestCluster(directory, small)) {
            learn(cluster.given());
            Path one = exported(cluster.given(), "one");
            Map<String, String> two = elsewhere(cluster, "two", Map.of("learn.shards", "2"));
            whatNoShardsCanBeginWithIsRefused(cluster, two, one);

            JsonNode begun = imported(two, one);
            assertThat(begun.path("application").asText()).isEqualTo("two-base");
            long step = checkpoint(one).header().step();
            assertThat(begun.path("nextRound").asLong()).isEqualTo(step + 1);
            theShardsHaveTheRowsOfTheirUsers(two, one);
            isRefused(two, one, "stream.application-id = two: must be one that no trainer ever had: its group two-");
            theyPublishTheCheckpointAndLearnOn(two, one);
            Map<String, String> again = new HashMap<>(two);
            again.put("stream.application-id", "again");
            again.put("model.generation", "again");
            isRefused(
                    again,
                    one,
                    "topic.training-examples.name = two-training-examples: must be a topic that nobody has written to",
                    "topic.mini-batches.name = ",
                    "topic.model-deltas.name = ",
                    "topic.model-rounds.name = ");

            Path several = exported(two, "several");
            assertThat(checkpoint(several).header().origin().source()).isEqualTo(Checkpoint.Source.SHARDS);
            assertThat(rows(TestCluster.load(two), checkpoint(several).entries()))
                    .hasSize(SeededClicks.users(2 * CLICKS));
            Map<String, String> apart = elsewhere(cluster, "apart", Map.of("learn.base-apart", "true"));
            imported(apart, several);
            theShardsHaveTheRowsOfTheirUsers(apart, several);
            noTrainerStartsWithoutTheEntries(apart);
        }
    }

    /** One learner learns the first clicks. */
    private void learn(Map<String, String> given) throws Exception {
        try (TrainProcess trainer = TestCluster.train(given, TrainProcess.From.EVENTS);
                EventProducer producer = TestCluster.load(given).cluster().producer()) {
            for (int item = 0; item < ITEMS; item++) {
                producer.send(new CatalogueItem("i" + item, SeededClicks.T0, Features.NONE));
            }
            SeededClicks.send(producer, 0, CLICKS, ITEMS);
            await().atMost(PATIENCE).until(() -> TestCluster.learnt(trainer.progress()) == CLICKS);
        }
    }

    private void whatNoShardsCanBeginWithIsRefused(TestCluster cluster, Map<String, String> two, Path file)
            throws Exception {
        assertThat(commands.run(two, "model", "import", "--in", file.toString()))
                .isEqualTo(2);
        assertThat(commands.err()).contains("learn.shards = 2: must be 1 without --warm");
        Map<String, String> narrow = cluster.given("learn.shards", "2", "stream.application-id", "narrow");
        int unused = commands.run(narrow, "topics", "create"); // what is there stays as it is
        isRefused(narrow, file, "topic training-examples has 1 partitions and learn.shards is 2");
        Map<String, String> same = new HashMap<>(two);
        same.put("model.generation", "g1");
        isRefused(same, file, "model.generation = g1: must be another");
        Map<String, String> entered = new HashMap<>(two);
        entered.put("stream.application-id", "entered");
        String changelog = changelogWithAnEntry(TestCluster.load(entered));
        isRefused(
                entered,
                file,
                "stream.application-id = entered: must be one that no trainer ever had: its changelog " + changelog
                        + " has entries");
        isRefused(two, ofAnAudit(file), "must not be of an audit of several learners");
        assertThat(commands.run(
                        cluster.given(), "model", "import", "--checkpoints", "anywhere", "--in", file.toString()))
                .isEqualTo(2);
        assertThat(commands.err()).contains("--checkpoints = anywhere: must be given with --warm only");
    }

    /** Makes the changelog of the shards, as if one had been there. Returns its name. */
    private static String changelogWithAnEntry(MillraceSettings settings) {
        Changelog changelog = Changelog.of(settings.clients(), settings.stream(), Part.SHARDS);
        changelog.create(settings.topics().names().shards(), Map.of());
        try (EventProducer producer = settings.cluster().producer()) {
            producer.sendBytes(changelog.name(), Utf8.bytes("key"), Optional.of(Utf8.bytes("entry")), SeededClicks.T0);
            producer.flush();
        }
        return changelog.name();
    }

    /** The same entries, under the name of an audit of several learners. */
    private Path ofAnAudit(Path file) throws Exception {
        Checkpoint checkpoint = checkpoint(file);
        Checkpoint.Header header = checkpoint.header();
        Path renamed = directory.resolve("audit.checkpoint");
        CheckpointFile.write(
                renamed,
                new Checkpoint(
                        new Checkpoint.Header(
                                Checkpoint.Origin.now(Checkpoint.Source.AUDIT_OF_SHARDS),
                                header.lineage(),
                                header.learnt(),
                                header.log(),
                                header.settings()),
                        checkpoint.entries()));
        return renamed;
    }

    private void isRefused(Map<String, String> given, Path file, String... rules) {
        assertThat(commands.run(given, "model", "import", "--warm", "--in", file.toString()))
                .as(commands.out())
                .isNotZero();
        assertThat(commands.err()).contains(rules);
    }

    /** Each user's row is in the changelog of the user's shard, as it is in the checkpoint; and together they are what was imported. */
    private void theShardsHaveTheRowsOfTheirUsers(Map<String, String> given, Path file) throws Exception {
        MillraceSettings settings = TestCluster.load(given);
        Map<String, byte[]> left = rows(settings, checkpoint(file).entries());
        assertThat(left).hasSizeGreaterThan(100);
        Changelog changelog = Changelog.of(settings.clients(), settings.stream(), Part.SHARDS);
        TopicNames names = settings.topics().names();
        for (int shard = 0; shard < names.shards(); shard++) {
            MemoryEntries own = new MemoryEntries();
            assertThat(changelog.read(shard, own, () -> true, Progress.NONE)).isTrue();
            int of = shard;
            rows(settings, own).forEach((user, row) -> {
                assertThat(names.shard(user)).isEqualTo(of);
                assertThat(row).isEqualTo(left.remove(user));
            });
        }
        assertThat(left).isEmpty();
        assertThat(checkpoint(exported(given, "imported-" + names.shards()))
                        .header()
                        .learnt())
                .isEqualTo(checkpoint(file).header().learnt());
    }

    private void theyPublishTheCheckpointAndLearnOn(Map<String, String> two, Path file) throws Exception {
        MillraceSettings settings = TestCluster.load(two);
        long step = checkpoint(file).header().step();
        Set<String> users =
                new HashSet<>(rows(settings, checkpoint(file).entries()).keySet());
        try (TrainProcess trainer = TestCluster.train(two, TrainProcess.From.EVENTS);
                EventProducer producer = settings.cluster().producer()) {
            await().atMost(PATIENCE).until(() -> published(settings).size() == ITEMS);
            vectorsAreThoseOf(checkpoint(file), published(settings));
            await().atMost(PATIENCE).until(() -> publishedUsers(settings).equals(users));

            SeededClicks.send(producer, CLICKS, 2 * CLICKS, ITEMS);
            await().atMost(PATIENCE).until(() -> learntByShards(settings) == CLICKS);
            await().atMost(PATIENCE).until(() -> TestCluster.learnt(trainer.progress()) == 2 * CLICKS);
        }
        List<ModelRound> rounds =
                read(settings, Topic.MODEL_ROUNDS, settings.topics().names().modelRounds());
        assertThat(rounds.get(0).batch().step()).isEqualTo(step + 1);
        JsonNode audit = json.readTree(ok(two, "verify", "--model", "--checkpoints", checkpoints(two)))
                .path(0);
        assertThat(audit.path("from_step").asLong()).isEqualTo(step);
        assertThat(audit.path("to_step").asLong()).isGreaterThan(step);
        assertThat(audit.path("vectors").asInt()).isEqualTo(ITEMS);
        assertThat(commands.run(two, "verify", "--model")).isEqualTo(1);
        assertThat(commands.out())
                .contains("the log of rounds begins at step " + (step + 1) + ", step 1 is needed, and there is no");
        JsonNode counts = json.readTree(ok(two, "verify", "--counts")).path(0);
        assertThat(counts.path("faults")).isEmpty();
    }

    private static void noTrainerStartsWithoutTheEntries(Map<String, String> given) throws Exception {
        MillraceSettings settings = TestCluster.load(given);
        String changelog =
                Changelog.of(settings.clients(), settings.stream(), Part.SHARDS).name();
        try (Admin admin = Admin.create(settings.clients().asMap())) {
            admin.deleteTopics(List.of(changelog)).all().get();
        }

        assertThatThrownBy(() -> TestCluster.train(given, TrainProcess.From.EVENTS))
                .isInstanceOf(LostContinuityException.class)
                .hasMessageContaining("changelog " + changelog + " is gone");
    }

    private static void vectorsAreThoseOf(Checkpoint checkpoint, List<ItemEmbedding> published) {
        Trainer trainer = checkpoint.toLookAt();
        for (ItemEmbedding embedding : published) {
            float[] vector = new float[trainer.dim()];
            trainer.vectors(List.of(embedding.item()), vector);
            assertThat(embedding.vector().orElseThrow()).as(embedding.item()).containsExactly(vector);
        }
    }

    private static List<ItemEmbedding> published(MillraceSettings settings) {
        return read(settings, Topic.ITEM_EMBEDDINGS, settings.topics().names().itemEmbeddings()).stream()
                .filter(embedding -> !embedding.isMark())
                .toList();
    }

    private static Set<String> publishedUsers(MillraceSettings settings) {
        MemoryEntries entries = new MemoryEntries();
        read(settings, Topic.MODEL_UPDATES, settings.topics().names().modelUpdates())
                .forEach(update -> entries.put(update.key(), update.entry().orElseThrow()));
        return rows(settings, entries).keySet();
    }

    private static long learntByShards(MillraceSettings settings) {
        return new ProgressLog(settings.cluster())
                .latest().entrySet().stream()
                        .filter(part -> part.getKey().startsWith("shard"))
                        .mapToLong(part -> Books.Account.of(
                                        InputTopic.EXAMPLES, part.getValue().books())
                                .outcome(Outcome.LEARNT))
                        .sum();
    }

    /** The rows of users, by user. */
    private static Map<String, byte[]> rows(MillraceSettings settings, EntrySource entries) {
        Map<String, byte[]> rows = new TreeMap<>();
        for (byte[] prefix : SharedNumbers.ownRows(settings.trainer().model())) {
            entries.scan(prefix, EntrySource.behind(prefix), (key, value) -> {
                rows.put(new String(key, prefix.length, key.length - prefix.length, StandardCharsets.UTF_8), value);
                return true;
            });
        }
        return rows;
    }

    private static <T> List<T> read(MillraceSettings settings, Topic<T> topic, String name) {
        List<T> all = new ArrayList<>();
        try (TopicReader reader = settings.cluster().reader()) {
            reader.readAll(
                    name,
                    record -> settings.cluster().wire().decode(topic, record).ifPresent(all::add));
        }
        return all;
    }

    /** Settings of an application of its own, whose topics are made. */
    private Map<String, String> elsewhere(TestCluster cluster, String name, Map<String, String> more) {
        Map<String, String> given = new HashMap<>(cluster.given(
                "stream.application-id", name,
                "stream.state-directory", directory.resolve(name).toString(),
                "model.generation", name));
        TOPICS.forEach(topic -> given.put("topic." + topic + ".name", name + "-" + topic));
        given.putAll(more);
        assertThat(commands.run(given, "topics", "create")).isZero();
        return given;
    }

    private JsonNode imported(Map<String, String> given, Path file) throws Exception {
        return json.readTree(
                ok(given, "model", "import", "--warm", "--in", file.toString(), "--checkpoints", checkpoints(given)));
    }

    /** The folder of an installation's audits. */
    private String checkpoints(Map<String, String> given) {
        return directory.resolve("audits-" + given.get("stream.application-id")).toString();
    }

    private Path exported(Map<String, String> given, String name) {
        Path file = directory.resolve(name + ".checkpoint");
        String unused = ok(given, "model", "export", "--out", file.toString());
        return file;
    }

    private static Checkpoint checkpoint(Path file) throws Exception {
        return CheckpointFile.read(file, new MemoryEntries());
    }

    /** Runs a command, which must succeed. Returns what it says. */
    private String ok(Map<String, String> given, String... command) {
        String[] asJson =
                Stream.concat(Stream.of(command), Stream.of("--output", "json")).toArray(String[]::new);
        assertThat(commands.run(given, asJson))
                .as(commands.out() + commands.err())
                .isZero();
        return commands.out();
    }
}
