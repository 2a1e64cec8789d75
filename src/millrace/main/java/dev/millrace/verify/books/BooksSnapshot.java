package dev.millrace.verify.books;

import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.topic.TopicLog;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.UndecodableException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The latest books of every part of the trainer, with the positions up to which they count.
 *
 * @param parts the progress of each part, by its name
 * @param faults records that cannot be read, and partitions that two parts claim
 */
record BooksSnapshot(Map<String, PartProgress> parts, List<String> faults) {

    static BooksSnapshot read(TopicLog log, AvroWire wire, String topic) {
        BooksSnapshot snapshot = new BooksSnapshot(new TreeMap<>(), new ArrayList<>());
        log.readAll(topic, record -> {
            try {
                wire.decode(Topic.TRAINING_PROGRESS, record).ifPresent(part -> snapshot.parts.put(part.part(), part));
            } catch (UndecodableException broken) {
                snapshot.faults.add(RecordAddress.of(record) + " cannot be read");
            }
        });
        Map<String, String> claims = new HashMap<>();
        snapshot.parts.forEach((name, part) -> part.positions().keySet().forEach(partition -> {
            String other = claims.put(partition, name);
            if (other != null) {
                snapshot.faults.add("both " + other + " and " + name + " count " + partition
                        + ": one of them is of an application that no longer runs; write a tombstone for its record");
            }
        }));
        return snapshot;
    }

    /** The books of a topic over all parts. */
    Books.Account books(InputTopic topic) {
        return parts.values().stream()
                .map(part -> Books.Account.of(topic, part.books()))
                .reduce(Books.Account.EMPTY, Books.Account::plus);
    }

    /** The step of the learner that counts training examples; absent if none has written books. */
    Optional<Long> learnerStep() {
        return parts.values().stream()
                .filter(part -> part.books().containsKey(InputTopic.EXAMPLES.label()))
                .flatMap(part -> part.training().stream())
                .map(TrainingProgress::step)
                .findFirst();
    }

    /** The offset up to which a partition is counted; 0 if no part has read it. */
    long position(String topic, int partition) {
        return counting(topic, partition)
                .map(part -> part.positions().getOrDefault(topic + "-" + partition, 0L))
                .orElse(0L);
    }

    /** The part that has counted a partition, the furthest if several claim it; absent if none has. */
    Optional<PartProgress> counting(String topic, int partition) {
        String name = topic + "-" + partition;
        return parts.values().stream()
                .filter(part -> part.positions().containsKey(name))
                .max((one, other) -> Long.compare(
                        one.positions().getOrDefault(name, 0L),
                        other.positions().getOrDefault(name, 0L)));
    }
}
