package dev.millrace.stream.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;

/**
 * What the cluster holds of one application, and whether it can go on exactly where it stopped.
 *
 * <p>By default, Kafka repairs silently: the consumer moves an offset that is no longer retained to the next one, and Streams creates a
 * missing changelog anew, empty. Either loses records or state without a trace.
 *
 * @param application its id, which is its group's name too
 * @param inputs offsets that each partition of each input topic holds
 * @param committed offsets of the group, by partition
 * @param changelogs of its stores
 */
record Continuity(
        String application,
        SortedMap<TopicPartition, Span> inputs,
        Map<TopicPartition, Position> committed,
        List<Changelog> changelogs) {

    private static final String ANEW =
            "start under another stream.application-id, or from nothing (docs/operations.md, \"Starting from"
                    + " nothing\")";

    /** Offsets that a partition holds, the end excluded. */
    record Span(long begin, long end) {}

    /**
     * A committed offset.
     *
     * @param offset of the next record to read
     * @param isReached whether the application committed it, and so has state; false for the offset that a first start begins at
     */
    record Position(long offset, boolean isReached) {}

    /**
     * The changelog of one store.
     *
     * @param inputs topics of the tasks that keep the store
     * @param partitions it must have
     * @param isWrittenEachCommit whether every commit writes to the store, so that an application that committed has entries
     * @param found what the cluster has under the name; absent if nothing
     */
    record Changelog(
            String topic, Set<String> inputs, int partitions, boolean isWrittenEachCommit, Optional<Found> found) {}

    /** A changelog that is there: its cleanup policy, and what each partition holds. */
    record Found(String cleanupPolicy, List<Span> partitions) {}

    /** Returns true if the application never ran. Where nothing is gone, its group then begins at {@link #beginnings}. */
    boolean isFirstStart() {
        return committed.isEmpty();
    }

    /** Returns the offset at which each input begins. */
    SortedMap<TopicPartition, Long> beginnings() {
        SortedMap<TopicPartition, Long> from = new TreeMap<>(inputs.comparator());
        inputs.forEach((partition, span) -> from.put(partition, span.begin()));
        return from;
    }

    /** Returns what is gone, one sentence each; empty if nothing is. */
    List<String> faults() {
        List<String> faults = new ArrayList<>();
        if (isFirstStart()) {
            changelogs.forEach(
                    changelog -> changelog.found().ifPresent(found -> forgottenGroup(changelog, found, faults)));
        } else {
            inputs.forEach((partition, span) -> input(partition, span, faults));
            committed.keySet().stream()
                    .filter(partition -> !inputs.containsKey(partition) && isInput(partition.topic()))
                    .forEach(partition -> faults.add("group " + application + " has an offset of " + partition
                            + ", which is gone: the topic was made again with fewer partitions; " + ANEW));
        }
        changelogs.forEach(changelog -> changelog(changelog, faults));
        return faults;
    }

    private void input(TopicPartition partition, Span span, List<String> faults) {
        Optional<Position> position = Optional.ofNullable(committed.get(partition));
        if (position.isEmpty()) {
            boolean isNewPartition =
                    committed.keySet().stream().anyMatch(known -> known.topic().equals(partition.topic()));
            faults.add(
                    isNewPartition
                            ? partition + " is new to group " + application
                                    + ": with another number of partitions, keys "
                                    + "come to other tasks than those that know them; " + ANEW
                            : "group " + application + " has offsets, but none of " + partition
                                    + ": another topic than before, or the offset was deleted; " + ANEW);
            return;
        }
        long offset = position.get().offset();
        if (offset < span.begin()) {
            faults.add("group " + application + " stands at offset " + offset + " of " + partition
                    + ", which begins at " + span.begin() + ": " + (span.begin() - offset)
                    + " offsets are gone, deleted before they were read; keep the topic longer (its retention), and "
                    + ANEW
                    + "; or accept the loss: kafka-consumer-groups.sh --group " + application
                    + " --reset-offsets --to-earliest --topic " + partition.topic() + ":" + partition.partition()
                    + " --execute");
        } else if (offset > span.end()) {
            faults.add("group " + application + " stands at offset " + offset + " of " + partition + ", which ends at "
                    + span.end() + ": the topic was made again or truncated; " + ANEW);
        }
    }

    private void forgottenGroup(Changelog changelog, Found found, List<String> faults) {
        long entries = found.partitions().stream()
                .mapToLong(span -> span.end() - span.begin())
                .sum();
        if (entries > 0) {
            faults.add("group " + application + " has no offsets, but its changelog " + changelog.topic() + " holds "
                    + entries + ": the group was deleted, or idle for longer than the brokers' "
                    + "offsets.retention.minutes; " + ANEW);
        }
    }

    private void changelog(Changelog wanted, List<String> faults) {
        if (wanted.found().isEmpty()) {
            if (inputs.keySet().stream().anyMatch(partition -> isReached(wanted, partition.partition()))) {
                faults.add("changelog " + wanted.topic() + " is gone, while group " + application
                        + " stands past its start: the state before is lost; " + ANEW);
            }
            return;
        }
        Found found = wanted.found().get();
        if (found.partitions().size() != wanted.partitions()) {
            faults.add("changelog " + wanted.topic() + " has "
                    + found.partitions().size() + " partitions and needs " + wanted.partitions()
                    + ", as its inputs have; " + ANEW);
        }
        if (!found.cleanupPolicy().equals("compact")) {
            faults.add("changelog " + wanted.topic() + " has cleanup.policy " + found.cleanupPolicy()
                    + ", which deletes state: set it back with kafka-configs.sh --alter --topic " + wanted.topic()
                    + " --add-config cleanup.policy=compact");
        }
        for (int partition = 0; partition < found.partitions().size(); partition++) {
            Span span = found.partitions().get(partition);
            if (!isReached(wanted, partition)) {
                continue;
            }
            if (span.begin() > 0) {
                faults.add("changelog " + wanted.topic() + "-" + partition + " begins at offset " + span.begin()
                        + ": the entries before were deleted, and with them state; " + ANEW);
            } else if (span.end() == 0 && wanted.isWrittenEachCommit()) {
                faults.add("changelog " + wanted.topic() + "-" + partition + " is empty, while group " + application
                        + " stands past its start: the state before is lost; " + ANEW);
            }
        }
    }

    /** Whether the task of that number has committed anything itself. */
    private boolean isReached(Changelog changelog, int partition) {
        return changelog.inputs().stream()
                .map(topic -> Optional.ofNullable(committed.get(new TopicPartition(topic, partition))))
                .anyMatch(position -> position.map(Position::isReached).orElse(false));
    }

    private boolean isInput(String topic) {
        return inputs.keySet().stream().anyMatch(partition -> partition.topic().equals(topic));
    }
}
