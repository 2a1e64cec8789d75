package dev.millrace.app;

import dev.millrace.follow.DiskEntries;
import dev.millrace.merge.Replica;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.OrderedEntries;
import dev.millrace.stream.Applications;
import dev.millrace.stream.GenerationTerms;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.stream.StreamSettings;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.stream.run.UnusableStateException;
import dev.millrace.stream.shard.Pauses;
import dev.millrace.stream.shard.ReplicaFollower;
import dev.millrace.stream.shard.ShardTopology;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import io.micrometer.core.instrument.Tags;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;
import java.util.function.ToIntFunction;

/** The shards and the base of a process, and the replica of the base that its shards learn on. */
final class SharedLearning implements AutoCloseable {

    /** A commit of a shard that works comes within so many intervals. */
    private static final int INTERVALS_OF_PATIENCE = 5;

    /** The replica's memory, as a divisor of that of all stores. */
    private static final int REPLICA_SHARE = 4;

    private final MillraceSettings settings;
    private final Optional<DiskEntries> entries;
    private final Replica replica;
    private final Pauses pauses;
    private Optional<ReplicaFollower> follower = Optional.empty();

    private SharedLearning(MillraceSettings settings, Optional<DiskEntries> entries) {
        this.settings = settings;
        this.entries = entries;
        this.replica = new Replica(entries.<OrderedEntries>map(disk -> disk).orElseGet(MemoryEntries::new));
        this.pauses = new Pauses(replica);
    }

    /** @throws UnusableStateException if the replica's directory cannot be used */
    static SharedLearning open(MillraceSettings settings) {
        Path directory = settings.stream().stateDirectory().resolve("replica");
        try {
            long cacheBytes = settings.stream().stateMemoryBytes() / REPLICA_SHARE;
            return new SharedLearning(settings, Optional.of(DiskEntries.open(directory, cacheBytes)));
        } catch (IOException unusable) {
            throw new UnusableStateException(directory, String.valueOf(unusable.getMessage()), unusable);
        }
    }

    /** What has no state and follows nobody, to be described. */
    static SharedLearning described(MillraceSettings settings) {
        return new SharedLearning(settings, Optional.empty());
    }

    /** Returns what shards and base share. */
    private static ShardTopology.Learner learner(MillraceSettings settings, GenerationTerms terms) {
        return ShardTopology.Learner.of(
                settings.topics().names(),
                new AvroWire(settings.wire()),
                settings.trainer(),
                terms,
                settings.stream().maxWait());
    }

    /** Returns the settings that a generation tells of itself: those of its model, and the number of its learners. */
    static SortedMap<String, String> texts(MillraceSettings settings) {
        SortedMap<String, String> all = new TreeMap<>(settings.trainerTexts());
        all.put(TopicNames.SHARDS, Integer.toString(settings.topics().names().shards()));
        return all;
    }

    Applications applications(GenerationTerms terms, ToIntFunction<String> partitions) {
        ShardTopology.Learner learner = learner(settings, terms);
        Duration patience = settings.stream().learnCommitInterval().multipliedBy(INTERVALS_OF_PATIENCE);
        return new Applications(Map.of(
                Part.ATTRIBUTE,
                MillraceTopology.attribute(
                        learner.topics(),
                        settings.attribution(),
                        settings.attributionKept(),
                        learner.wire(),
                        partitions),
                Part.SHARDS,
                ShardTopology.shards(learner, replica, pauses),
                Part.BASE,
                ShardTopology.base(learner, patience)));
    }

    /** @param examplesLag records of a partition of training examples that are not learnt */
    void register(Metrics metrics, IntToLongFunction examplesLag) {
        metrics.gauge(
                "millrace.replica.round",
                "newest round of the base that this process has; -1 before it has all entries",
                Tags.empty(),
                replica::round);
        metrics.gauge(
                "millrace.replica.age.seconds",
                "how long ago this process had all that the base had written",
                Tags.empty(),
                () -> age().toMillis() / 1e3);
        metrics.gauge(
                "millrace.shards.waiting",
                "shards of this process that wait for the base",
                Tags.empty(),
                pauses::waiting);
        for (int shard = 0; shard < settings.topics().names().shards(); shard++) {
            int of = shard;
            metrics.gauge(
                    "millrace.shard.unmerged",
                    "deltas of the shard that no round has handled; of shards of this process",
                    Tags.of("shard", Integer.toString(of)),
                    () -> {
                        OptionalLong unmerged = pauses.unmerged(of);
                        return unmerged.isPresent() ? unmerged.getAsLong() : Double.NaN;
                    });
            metrics.gauge(
                    "millrace.examples.lag",
                    "training examples that are there and not yet learnt, by partition",
                    Tags.of("partition", Integer.toString(of)),
                    () -> examplesLag.applyAsLong(of));
        }
    }

    /** Returns how long ago the replica had all that the base had written. */
    private Duration age() {
        return follower.map(ReplicaFollower::age).orElse(Duration.ZERO);
    }

    /** Returns what {@code /readyz} says of shards and replica. */
    Map<String, Object> health() {
        Map<String, Object> health = new LinkedHashMap<>();
        health.put("replicaRound", replica.round());
        health.put("replicaAgeSeconds", age().toSeconds());
        health.put("shardsWaiting", pauses.waiting());
        return health;
    }

    /** Begins to follow the base, and pauses the shards of this process while they wait for it. */
    void begin(StreamRunner runner) {
        pauses.control(() -> runner.pause(Part.SHARDS), () -> runner.resume(Part.SHARDS));
        StreamSettings stream = settings.stream();
        String changelog = MillraceTopology.changelog(stream.applicationId(Part.BASE), MillraceTopology.BASE_STORE);
        follower = Optional.of(ReplicaFollower.start(settings.clients(), changelog, replica, pauses));
    }

    @Override
    public void close() {
        follower.ifPresent(ReplicaFollower::close);
        entries.ifPresent(DiskEntries::close);
    }
}
