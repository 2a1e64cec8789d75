package dev.millrace.topic;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a cluster says of itself and of the topics.
 *
 * @param brokers how many there are
 * @param release feature level {@code metadata.version} that its brokers support at most; it names their release
 * @param transactionVersion feature level {@code transaction.version} in force; 0 if it is not set
 * @param withoutLeader partitions that nobody can read or write
 * @param belowReplicas partitions with fewer replicas in sync than they have
 * @param disks of the brokers
 * @param newestProgress time of the newest record of the topic training-progress, by the broker's clock
 * @param refused rights that were missing to know more
 */
public record ClusterFacts(
        int brokers,
        OptionalInt release,
        int transactionVersion,
        List<String> withoutLeader,
        List<String> belowReplicas,
        List<Disk> disks,
        Optional<Instant> newestProgress,
        List<String> refused) {

    public ClusterFacts {
        withoutLeader = List.copyOf(withoutLeader);
        belowReplicas = List.copyOf(belowReplicas);
        disks = List.copyOf(disks);
        refused = List.copyOf(refused);
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
