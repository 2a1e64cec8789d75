package dev.millrace.topic;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a cluster says of itself and of the topics.
 *
 * @param brokers how many there are
 * @param levels of its features; absent if it did not say
 * @param partitions of the topics
 * @param disks of the brokers
 * @param offline directories that a broker has lost, each with what it says of it
 * @param newestProgress time of the newest record of the topic training-progress, by the broker's clock
 * @param open what it did not answer: nothing of it stands in the other components
 */
public record ClusterFacts(
        int brokers,
        Optional<Levels> levels,
        Partitions partitions,
        List<Disk> disks,
        List<String> offline,
        Optional<Instant> newestProgress,
        List<OpenQuestion> open) {

    public ClusterFacts {
        disks = List.copyOf(disks);
        offline = List.copyOf(offline);
        open = List.copyOf(open);
    }

    /**
     * Feature levels.
     *
     * @param release of {@code metadata.version} that the brokers support at most; it names their release
     * @param transactionVersion of {@code transaction.version} in force; 0 if it is not set
     */
    public record Levels(OptionalInt release, int transactionVersion) {}

    /**
     * The partitions of the topics that the cluster described. A partition is in one list at most.
     *
     * @param topics names of those topics
     * @param withoutLeader nobody can read or write them
     * @param belowMinimum fewer replicas are in sync than {@code min.insync.replicas}
     * @param belowReplicas fewer replicas are in sync than there are
     */
    public record Partitions(
            List<String> topics, List<String> withoutLeader, List<String> belowMinimum, List<String> belowReplicas) {

        public Partitions {
            topics = List.copyOf(topics);
            withoutLeader = List.copyOf(withoutLeader);
            belowMinimum = List.copyOf(belowMinimum);
            belowReplicas = List.copyOf(belowReplicas);
        }
    }

    /**
     * A volume with logs of a broker.
     *
     * @param name broker and directory
     * @param totalBytes of the volume
     * @param usableBytes that are free
     */
    public record Disk(String name, long totalBytes, long usableBytes) {}
}
