package dev.millrace.verify;

import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.operation.Progress;
import dev.millrace.topic.BatchLog;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.BatchLog.LoggedBatch;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicReader;
import dev.millrace.verify.CheckpointDirectory.UsableCheckpoint;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** Where an audit begins to learn the logs again: after a checkpoint, or at the first step. */
final class AuditBeginning {

    private final Cluster cluster;
    private final TopicReader reader;
    private final Optional<CheckpointDirectory> checkpoints;
    private final BatchLog log;

    AuditBeginning(Cluster cluster, TopicReader reader, Optional<CheckpointDirectory> checkpoints) {
        this.cluster = cluster;
        this.reader = reader;
        this.checkpoints = checkpoints;
        this.log = cluster.steps(reader);
    }

    /**
     * Returns the number of steps of a learner that was alone before there were shards; 0 without one.
     *
     * @param newest step that was published
     */
    long stepsAlone(long newest) {
        if (!cluster.topics().areShared()) {
            return 0;
        }
        OptionalLong first = log.firstStep();
        long before = first.isPresent() ? first.getAsLong() - 1 : newest;
        return before > 0
                        && cluster.batches(reader, 0)
                                .find(before)
                                .filter(LoggedBatch::isOfLearnerAlone)
                                .isPresent()
                ? before
                : 0;
    }

    /**
     * Returns the checkpoint to begin from: the newest that is older than every vector on the topic, so that all can be compared; if there is
     * none, or the logs lack steps after it, the newest up to the target; absent if there is no checkpoint.
     *
     * @param target newest step to come to
     * @param alone steps of a learner that was alone before there were shards
     * @throws BrokenLogException if the logs lack steps after that or, without a checkpoint, the first step
     */
    Optional<UsableCheckpoint> find(PublishedModel published, long target, long alone) {
        long oldest = published.vectorsByStep().isEmpty()
                ? target
                : published.vectorsByStep().firstKey();
        Optional<String> gone = Optional.empty();
        for (long newest : new long[] {Math.min(target, oldest), target}) {
            Optional<UsableCheckpoint> found = checkpoints.flatMap(directory -> directory.newest(newest));
            if (found.isPresent()) {
                gone = gone(found.get().header().step(), nextSteps(found.get()), alone);
                if (gone.isEmpty()) {
                    return found;
                }
            }
        }
        gone.or(() -> gone(0, new TreeMap<>(), alone)).ifPresent(why -> {
            throw new BrokenLogException(why);
        });
        return Optional.empty();
    }

    private static SortedMap<Integer, Long> nextSteps(UsableCheckpoint found) {
        SortedMap<Integer, Long> nextSteps = new TreeMap<>();
        if (found.header().origin().source() == Checkpoint.Source.AUDIT_OF_SHARDS) {
            CheckpointFile.read(
                    found.file(), (key, value) -> ReplayedShards.takeNextStep(key, value, nextSteps), Progress.NONE);
        }
        return nextSteps;
    }

    /**
     * Returns, in words, which steps after a checkpoint a log lacks.
     *
     * @param step of the checkpoint; 0 without one
     * @param nextSteps of its shards; none if it is of a learner alone
     */
    private Optional<String> gone(long step, SortedMap<Integer, Long> nextSteps, long alone) {
        if (!cluster.topics().areShared()) {
            return gone("the log", log, step + 1);
        }
        Optional<String> gone = gone("the log of rounds", log, Math.max(step, alone) + 1);
        for (int shard = 0;
                gone.isEmpty() && shard < reader.partitions(cluster.topics().miniBatches());
                shard++) {
            long first = 1 + (shard == 0 && nextSteps.isEmpty() ? step : 0);
            gone = gone(
                    "the log of shard " + shard, cluster.batches(reader, shard), nextSteps.getOrDefault(shard, first));
        }
        return gone;
    }

    private Optional<String> gone(String name, BatchLog of, long needed) {
        long first = of.firstStep().orElse(needed);
        return first <= needed
                ? Optional.empty()
                : Optional.of(name + " begins at step " + first + ", step " + needed + " is needed, and "
                        + checkpoints
                                .map(directory -> "no checkpoint in " + directory.path() + " has learnt it")
                                .orElse("there is no checkpoint to begin from (--checkpoints)")
                        + ". Keep the log (topic.batch-retention), or verify with --checkpoints before its segments"
                        + " are deleted");
    }
}
