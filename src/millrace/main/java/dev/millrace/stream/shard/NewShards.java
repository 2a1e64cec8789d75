package dev.millrace.stream.shard;

import dev.millrace.merge.ShardLearner;
import dev.millrace.model.StepTimes;
import dev.millrace.operation.Progress;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingFault;
import dev.millrace.state.OrderedEntries;
import dev.millrace.stream.Changelog;
import dev.millrace.stream.NewApplication;
import dev.millrace.stream.Part;
import dev.millrace.stream.StateTransaction;
import dev.millrace.stream.StreamSettings;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.TrainerSettings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Shards and a base that never existed, in topics that nobody has written to. They begin with the entries of one learner, which may have been
 * joined from those of several.
 *
 * <p>It is one transaction: the entries, the settings kept with them, and offsets that let no trainer start without the entries. One thread.
 */
public final class NewShards {

    private final Cluster cluster;
    private final StreamSettings stream;
    private final TrainerSettings settings;
    private final KeptSettings kept;
    private final TopicNames topics;
    private final Progress progress;

    /**
     * @param settings that they will learn by
     * @param ofModel settings that the state of a learner depends on
     * @param progress told how many entries were sent
     */
    public NewShards(
            Cluster cluster, StreamSettings stream, TrainerSettings settings, KeptSettings ofModel, Progress progress) {
        this.cluster = cluster;
        this.stream = stream;
        this.settings = settings;
        this.topics = cluster.topics();
        this.kept = ShardTopology.kept(ofModel, topics);
        this.progress = progress;
    }

    /** Returns how many there are. */
    public int count() {
        return topics.shards();
    }

    /**
     * Checks that no trainer has begun.
     *
     * @throws InvalidSettingsException if a group of the application has offsets, the state directory has state of it, or a topic was written to
     */
    public void requireNew() {
        for (Part part : Part.values()) {
            of(part).requireNeverStarted();
        }
        requireUnwritten();
    }

    /** What other learners left there would be taken for their own examples, deltas and rounds. */
    private void requireUnwritten() {
        Map<String, String> logs = new TreeMap<>(Map.of(
                "topic.training-examples.name", topics.trainingExamples(),
                "topic.mini-batches.name", topics.miniBatches(),
                "topic.model-deltas.name", topics.modelDeltas(),
                "topic.model-rounds.name", topics.modelRounds()));
        try (TopicReader reader = cluster.reader()) {
            Map<String, Long> ends = reader.ends(logs.values());
            logs.values().removeIf(topic -> ends.getOrDefault(topic, 0L) == 0);
        }
        if (!logs.isEmpty()) {
            throw new InvalidSettingsException(logs.entrySet().stream()
                    .map(log -> new SettingFault(
                            log.getKey(),
                            log.getValue(),
                            "must be a topic that nobody has written to: it has records of other learners"))
                    .toList());
        }
    }

    /**
     * Parts the entries that they begin with.
     *
     * @param entries of a learner, without its books; left with those of the base
     * @param shards empty entries, one for each shard; they are filled
     * @param step of the entries
     */
    public void part(OrderedEntries entries, List<? extends OrderedEntries> shards, long step) {
        long unused = new Parting(cluster, stream, settings).part(entries, shards);
        for (int shard = 0; shard < shards.size(); shard++) {
            publishRows(shard, shards.get(shard), entries, step);
        }
    }

    /**
     * Begins them with what {@link #part} left. If this fails, nothing is left that a trainer would start from.
     *
     * @throws InvalidSettingsException as {@link #requireNew}, or if there are changelogs with entries
     */
    public void begin(OrderedEntries entries, List<? extends OrderedEntries> shards) {
        int partitions = partitions();
        changelog(Part.SHARDS).create(partitions, Map.of());
        changelog(Part.BASE).create(1, ReplicaFollower.configOfChangelog());
        String id = stream.applicationId(Part.SHARDS) + "-import";
        try (StateTransaction transaction =
                new StateTransaction(cluster.clients(), stream, id, Set.of(), Set.copyOf(stream.applicationIds()))) {
            requireNew();
            requireNoEntries(); // what an earlier import left open has ended
            transaction.begin();
            keep(transaction, Part.SHARDS);
            keep(transaction, Part.BASE);
            new Parting(cluster, stream, settings).send(transaction, entries, shards, progress);
            transaction.offsets(stream.applicationId(Part.SHARDS), beginnings(partitions));
            requireNew(); // a trainer may have come and gone meanwhile
            transaction.commit();
        } catch (CommitFailedException inUse) {
            throw of(Part.SHARDS).inUse();
        } catch (KafkaException failed) {
            throw new IllegalStateException(
                    "the entries of " + stream.applicationId() + " were not written, and nothing of them will be seen: "
                            + failed.getMessage(),
                    failed);
        }
    }

    private void requireNoEntries() {
        for (Part part : Part.values()) {
            if (changelog(part).exists()) {
                of(part).requireEmpty(changelog(part));
            }
        }
    }

    /** Lets a shard publish the rows of its users: servers have none of the new generation. */
    private void publishRows(int shard, OrderedEntries own, OrderedEntries base, long step) {
        try (ShardLearner learner = new ShardLearner(settings, shard, own, base, step, StepTimes.UNTIMED)) {
            own.scanBut(new byte[0], ShardLearner.readLater(), learner::restore);
            learner.requireEachRow();
            learner.owe(true);
            learner.drainDirty(own);
        }
    }

    private void keep(StateTransaction transaction, Part part) {
        Changelog changelog = changelog(part);
        for (int partition = 0; partition < changelog.partitions(); partition++) {
            transaction.keep(changelog, partition, kept);
        }
    }

    private Map<TopicPartition, OffsetAndMetadata> beginnings(int partitions) {
        Map<TopicPartition, OffsetAndMetadata> beginnings = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            beginnings.put(new TopicPartition(topics.trainingExamples(), partition), StateTransaction.reached(0));
        }
        return beginnings;
    }

    /** Those of {@code training-examples}, each of which is a task: there may be more than shards. */
    private int partitions() {
        try (TopicReader reader = cluster.reader()) {
            return reader.partitions(topics.trainingExamples());
        }
    }

    private NewApplication of(Part part) {
        return new NewApplication(cluster.clients(), stream, part);
    }

    private Changelog changelog(Part part) {
        return Changelog.of(cluster.clients(), stream, part);
    }
}
