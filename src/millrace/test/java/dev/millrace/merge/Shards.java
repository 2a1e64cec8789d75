package dev.millrace.merge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamWitness;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.StepTimes;
import dev.millrace.model.UserRows;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySink;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.Sha256;
import dev.millrace.train.EntryKind;
import dev.millrace.train.StepDigest;
import dev.millrace.train.TrainerSettings;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/** A base and its shards in one process, each shard with a replica of its own that follows when it is told to. */
final class Shards implements AutoCloseable {

    static final long TIME = 1_700_000_000_000L;
    static final int ITEMS = 60;
    static final int BATCH = 8;

    /** An entry that a round changed. */
    private record Entry(byte[] key, Optional<byte[]> value) {}

    /** A shard with its replica. */
    final class Shard {

        private final MemoryEntries replica = new MemoryEntries();
        private final MemoryEntries own = new MemoryEntries();
        private final TrainerSettings settings;
        private final int number;
        private int followed;
        ShardLearner learner;

        private Shard(TrainerSettings settings, int number, int round) {
            this.settings = settings;
            this.number = number;
            feed.subList(0, round + 1).forEach(changed -> changed.forEach(this::take));
            followed = round;
            learner = begun();
        }

        private ShardLearner begun() {
            ShardLearner begun = new ShardLearner(settings, number, own, replica, followed, StepTimes.UNTIMED);
            own.scanBut(new byte[0], ShardLearner.readLater(), begun::restore);
            begun.begin();
            return begun;
        }

        /** Kills the shard after its last commit, and starts it again on the last round. */
        void restart() {
            learner.close();
            rounds.subList(followed, rounds.size())
                    .forEach(round -> feed.get((int) round.number()).forEach(this::take));
            followed = rounds.size();
            learner = begun();
        }

        /** Returns why its rows cannot change their shard. */
        Optional<String> unsettled(long handled) {
            return ShardLearner.unsettled(own, handled);
        }

        /** What its drains wrote, in a form that can be compared. */
        List<String> entries() {
            List<String> all = new ArrayList<>();
            own.scan(
                    new byte[0],
                    (key, value) -> all.add(
                            HexFormat.of().formatHex(key) + " " + HexFormat.of().formatHex(value)));
            return all;
        }

        /** Keys of the rows of its users, ascending. */
        List<String> keysOfRows() {
            List<String> keys = new ArrayList<>();
            own.scan(ShardLearner.readLater().get(0), (key, value) -> learner.isRowOfUser(key) && keys.add(latin(key)));
            return keys;
        }

        /** Those that it has a row of. */
        List<String> users() {
            return keysOfRows().stream()
                    .map(key -> key.substring(key.lastIndexOf(0) + 1))
                    .toList();
        }

        void loseARow() {
            List<byte[]> rows = new ArrayList<>();
            own.scan(ShardLearner.readLater().get(0), (key, value) -> {
                rows.add(key);
                return false;
            });
            rows.forEach(own::delete);
        }

        private void take(Entry entry) {
            entry.value().ifPresentOrElse(value -> replica.put(entry.key(), value), () -> replica.delete(entry.key()));
        }

        void learn(List<TrainingExample> examples) {
            examples.forEach(learner::add);
            learner.learn(learner.closeBatch());
        }

        /** Sends a delta through its encoded form. */
        Delta cut() {
            byte[] encoded = learner.cut().orElseThrow().encoded();
            learner.drainDirty(own);
            hashes.add(Sha256.hex(encoded));
            return Delta.decoded(encoded);
        }

        void follow(int round) {
            TreeSet<byte[]> changed = new TreeSet<>(Arrays::compareUnsigned);
            for (int next = followed + 1; next <= round; next++) {
                feed.get(next).forEach(entry -> {
                    take(entry);
                    changed.add(entry.key());
                });
            }
            learner.follow(rounds.subList(followed, round), changed);
            followed = round;
        }
    }

    Base base;
    final List<Shard> shards = new ArrayList<>();
    final List<Round> rounds = new ArrayList<>();
    /** SHA-256 of each delta, in the order in which they were sent. */
    final List<String> hashes = new ArrayList<>();
    /** Of the base, after each round. */
    final List<String> digests = new ArrayList<>();

    private final TrainerSettings settings;
    private final MemoryEntries stored = new MemoryEntries();
    private final List<List<Entry>> feed = new ArrayList<>(); // of each round, from round 0 on

    Shards(TrainerSettings settings, int count) {
        this(settings, settings, count);
    }

    Shards(TrainerSettings ofBase, TrainerSettings ofShards, int count) {
        settings = ofBase;
        base = new Base(ofBase, stored, ExamWitness.NONE);
        drain();
        for (int number = 0; number < count; number++) {
            shards.add(new Shard(ofShards, number, 0));
        }
    }

    /** Hands over what the base wrote after a round, in its order; round 0 is its first commit. */
    void written(int round, BiConsumer<byte[], Optional<byte[]>> to) {
        feed.get(round).forEach(entry -> to.accept(entry.key(), entry.value()));
    }

    /** Returns a shard that begins on the base as it is. */
    Shard join() {
        return new Shard(settings, shards.size(), rounds.size());
    }

    /** Returns the shard of a user where there are so many. */
    static int shard(String user, int count) {
        return Math.floorMod(user.hashCode(), count);
    }

    /** The rows of all users, by user. */
    Map<String, String> rowsOfUsers() {
        Map<String, String> rows = new TreeMap<>();
        shards.forEach(shard -> shard.own.scan(ShardLearner.readLater().get(0), (key, value) -> {
            assertThat(rows.put(user(key), HexFormat.of().formatHex(value)))
                    .as(user(key) + " in one shard")
                    .isNull();
            return true;
        }));
        return rows;
    }

    private static String user(byte[] key) {
        String text = latin(key);
        return text.substring(text.lastIndexOf(0) + 1);
    }

    /** Stops all shards after their last commits, moves the rows of users to as many, and starts them again on the last round. */
    long rescale(int count) {
        while (shards.size() < count) {
            shards.add(join());
        }
        UserRows rows = new UserRows(settings.model(), user -> shard(user, count), number -> shards.get(number).own);
        rows.move(shards.size());
        long moved = rows.finish();
        shards.forEach(Shard::restart);
        return moved;
    }

    /** Kills the base after its last commit, and starts it again. */
    void restartBase() {
        base.close();
        Base again = new Base(settings, stored, ExamWitness.NONE);
        stored.scanBut(new byte[0], EntryKind.readLater(), again::restore);
        again.trainer().requireWhole();
        base = again;
    }

    /** Commits the base without a round. */
    void drain() {
        List<Entry> changed = new ArrayList<>();
        base.trainer().publish();
        base.drainDirty(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                stored.put(key, value);
                changed.add(new Entry(key, Optional.of(value)));
            }

            @Override
            public void delete(byte[] key) {
                stored.delete(key);
                changed.add(new Entry(key, Optional.empty()));
            }
        });
        while (feed.size() <= base.trainer().step()) {
            feed.add(new ArrayList<>());
        }
        feed.get((int) base.trainer().step()).addAll(changed);
    }

    /** Makes a round of what has come. */
    Round round() {
        Round round = base.merge(base.closeRound(), true);
        rounds.add(round);
        drain();
        digests.add(base.trainer().digest().map(StepDigest::digest).orElseThrow());
        return round;
    }

    /** Returns whether a stored entry of the base has a text in its key or value. */
    boolean isStored(String text) {
        boolean[] isFound = {false};
        stored.scan(new byte[0], (key, value) -> {
            isFound[0] |= latin(key).contains(text) || latin(value).contains(text);
            return !isFound[0];
        });
        return isFound[0];
    }

    static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** What a delta changes, in a form that can be compared. */
    static List<String> changes(Delta delta) {
        return delta.changes().stream()
                .map(change -> latin(change.key()) + " " + Arrays.toString(change.numbers()))
                .toList();
    }

    /** Brings all items with the first round, which every shard then follows. */
    void list() {
        base.reach(TIME);
        for (int item = 0; item < ITEMS; item++) {
            base.change(upsert("i" + item));
        }
        round();
        shards.forEach(shard -> shard.follow(1));
    }

    static CatalogueChange upsert(String item) {
        return new CatalogueChange.Upsert(new CatalogueItem(item, TIME, Features.NONE));
    }

    /** @param extra key, value, key, value … */
    static TrainerSettings settings(String... extra) {
        Map<String, String> given = new HashMap<>(Map.of(
                "batch.size", Integer.toString(BATCH),
                "batch.negatives", "16",
                "tower.dim", "8",
                "tower.user.hidden", "8",
                "tower.item.hidden", "8",
                "features.user", "user,history",
                "features.item", "item",
                "digest.steps", "1"));
        for (int at = 0; at < extra.length; at += 2) {
            given.put(extra[at], extra[at + 1]);
        }
        return TrainerSettings.read(new SettingsReader(given));
    }

    /** A batch of examples of users whose ids begin with a text. */
    static List<TrainingExample> examples(String users, SplittableRandom random) {
        List<TrainingExample> examples = new ArrayList<>();
        for (int at = 0; at < BATCH; at++) {
            examples.add(example(users + random.nextInt(6), "i" + random.nextInt(ITEMS), random));
        }
        return examples;
    }

    static TrainingExample example(String user, String item, SplittableRandom random) {
        List<String> history = List.of("i" + random.nextInt(ITEMS), "i" + random.nextInt(ITEMS));
        return new TrainingExample(
                "",
                new UserFeatures(user, TIME, Features.NONE, history),
                Features.NONE,
                item,
                "click",
                1,
                TIME + random.nextInt(1_000),
                0);
    }

    @Override
    public void close() {
        shards.forEach(shard -> shard.learner.close());
        base.close();
    }
}
