package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Sha256;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.stream.Streams;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.wire.TopicRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A model with two learners forgets a user and an item while deltas are under way. Deltas and rounds never name a user; of what compaction leaves
 * of the other topics nothing does.
 */
@Tag("fault")
@Tag("long")
class ShardErasureIT {

    private static final String USER = "the-user-who-goes";
    private static final String ITEM = "the-item-that-goes";
    /** Items that the user alone clicked, one after the other. */
    private static final List<String> PAIR = List.of("kit-of-one", "page-of-one");

    private static final UserTraces TRACES = new UserTraces(List.of(USER), List.of(PAIR));
    /** How deltas and rounds know the user. */
    private static final String DIGEST = Sha256.hex(USER).substring(0, 16);

    /** Rounds whose items the base remembers, and more. */
    private static final int ROUNDS_AFTER = 80;

    @Test
    void f49_aUserErasedAndAnItemRemovedWhileDeltasAreUnderWayLeaveNoTrace(
            @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"));
                ShardedRun run = new ShardedRun(directory, broker.bootstrapServers())) {
            List.of(ITEM, PAIR.get(0), PAIR.get(1))
                    .forEach(item -> run.producer().send(Streams.item(item)));
            run.start(0);
            run.start(1);
            TopicNames topics = run.settings().topics().names();
            String ofShards = changelog(run, Part.SHARDS, MillraceTopology.SHARD_STORE);
            String ofBase = changelog(run, Part.BASE, MillraceTopology.BASE_STORE);
            run.sendUntilRounds("of both", 5);
            PAIR.forEach(item -> run.sendForgettable(USER, item));
            run.sendUntil("the user and the item are everywhere", () -> {
                clickOnBoth(run);
                return holding(run, ofShards, USER)
                        && holding(run, topics.modelUpdates(), USER)
                        && holding(run, topics.modelDeltas(), DIGEST)
                        && holding(run, topics.modelRounds(), DIGEST)
                        && holding(run, ofBase, PAIR.get(0))
                        && holding(run, topics.itemEmbeddings(), ITEM);
            });
            assertThat(traces(run, ofBase)).as("what the base has of the user").isNotEmpty();

            clickOnBoth(run);
            run.producer().removeUser(USER, run.now());
            run.producer().removeItem(ITEM, run.now());
            run.sendUntilRounds("without them", ROUNDS_AFTER);
            run.requireRight();

            for (String log : List.of(topics.modelDeltas(), topics.modelRounds())) {
                List<TopicRecord> records = all(run, log);
                assertThat(records).as(log).isNotEmpty();
                assertThat(records.stream().filter(ShardErasureIT::namesTheUser))
                        .as("records of " + log + " that name the user")
                        .isEmpty();
            }
            for (String topic : List.of(
                    ofShards,
                    ofBase,
                    topics.modelUpdates(),
                    topics.itemNeighbours(),
                    topics.itemEmbeddings(),
                    topics.userFeatures())) {
                assertThat(latest(run, topic)).as(topic).isNotEmpty();
                assertThat(traces(run, topic))
                        .as("entries of " + topic + " that are of the user")
                        .isEmpty();
            }
            // the base remembers that the item is gone
            assertThat(keysHolding(run, ofBase, ITEM))
                    .as("entries of the base that hold the item")
                    .isEqualTo(Set.of("C" + ITEM));
            for (String topic :
                    List.of(ofShards, topics.modelUpdates(), topics.itemNeighbours(), topics.itemEmbeddings())) {
                assertThat(keysHolding(run, topic, ITEM))
                        .as("entries of " + topic + " that hold the item")
                        .isEmpty();
            }
        }
    }

    /** The user's click on the item, and another's. */
    private static void clickOnBoth(ShardedRun run) {
        run.sendForgettable(USER, ITEM);
        run.sendForgettable("u1", ITEM);
    }

    private static String changelog(ShardedRun run, Part part, String store) {
        return MillraceTopology.changelog(run.settings().stream().applicationId(part), store);
    }

    private static boolean namesTheUser(TopicRecord record) {
        return TRACES.areIn(UserTraces.text(record.key()))
                || record.value().filter(TRACES::areIn).isPresent();
    }

    private static Set<String> traces(ShardedRun run, String topic) {
        Set<String> keys = new TreeSet<>();
        latest(run, topic).forEach((key, value) -> {
            if (TRACES.areInLearner(key, value) || key.contains(DIGEST) || value.contains(DIGEST)) {
                keys.add(key);
            }
        });
        return keys;
    }

    private static boolean holding(ShardedRun run, String topic, String text) {
        return !keysHolding(run, topic, text).isEmpty();
    }

    private static Set<String> keysHolding(ShardedRun run, String topic, String text) {
        return latest(run, topic).entrySet().stream()
                .filter(entry ->
                        entry.getKey().contains(text) || entry.getValue().contains(text))
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The latest value of each key; one character a byte. */
    private static Map<String, String> latest(ShardedRun run, String topic) {
        Map<String, String> entries = new HashMap<>();
        all(run, topic).forEach(record -> record.value()
                .ifPresentOrElse(
                        value -> entries.put(UserTraces.text(record.key()), UserTraces.text(value)),
                        () -> entries.remove(UserTraces.text(record.key()))));
        return entries;
    }

    private static List<TopicRecord> all(ShardedRun run, String topic) {
        List<TopicRecord> records = new ArrayList<>();
        try (TopicReader reader = new TopicReader(run.settings().clients(), ShardedRun.PATIENCE)) {
            reader.readAll(topic, records::add);
        }
        return records;
    }
}
