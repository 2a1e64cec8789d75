package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.event.RejectReason;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.topic.KeyPartition;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.TopicRecord;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/** The records of the input topics that the books count: those before the positions that were written with the books. */
final class CountedRecords {

    private static final Set<RejectReason> FOR_ITS_PARTITION =
            EnumSet.of(RejectReason.BAD_PARTITION, RejectReason.MISPLACED_REMOVAL);

    private final TopicLog log;
    private final PlainValues values;
    private final TopicNames topics;
    private final BooksSnapshot snapshot;
    private final DeadLetters letters;
    private final Placement placement;
    private final CountFindings findings;
    private final Map<String, Integer> partitions = new HashMap<>();
    private final Map<InputTopic, Long> received = new EnumMap<>(InputTopic.class);

    CountedRecords(
            TopicLog log,
            PlainValues values,
            TopicNames topics,
            BooksSnapshot snapshot,
            DeadLetters letters,
            Placement placement,
            CountFindings findings) {
        this.log = log;
        this.values = values;
        this.topics = topics;
        this.snapshot = snapshot;
        this.letters = letters;
        this.placement = placement;
        this.findings = findings;
    }

    /** The name in the cluster of a topic that users write. */
    String name(InputTopic topic) {
        return switch (topic) {
            case EXPOSURES -> topics.exposures();
            case CLICKS -> topics.clicks();
            case USERS -> topics.users();
            case ITEMS -> topics.items();
            case EXAMPLES -> topics.trainingExamples();
            case BATCHES -> topics.miniBatches();
        };
    }

    int partitions(InputTopic topic) {
        return log.partitions(name(topic));
    }

    RecordAddress address(InputTopic topic, int partition, long offset) {
        return new RecordAddress(name(topic), partition, offset);
    }

    /** Records of the topic that were read. */
    long received(InputTopic topic) {
        return received.getOrDefault(topic, 0L);
    }

    /** Records of a partition that the books count and that are gone from its beginning; says so in a note. */
    long lost(InputTopic topic, int partition) {
        return lost(topic, partition, snapshot.position(name(topic), partition));
    }

    /** Records of a partition before an offset that are gone from its beginning; says so in a note. */
    long lost(InputTopic topic, int partition, long until) {
        long lost = Math.min(until, log.begin(name(topic), partition));
        if (lost > 0) {
            findings.note(name(topic) + "-" + partition + " begins at offset " + lost + ": its beginning is gone");
        }
        return lost;
    }

    /**
     * Reads the counted records of a partition. Those in the dead letters go to the tallies as rejected.
     *
     * @param each told of every other record; its value is absent if it is a tombstone
     */
    void read(
            InputTopic topic,
            int partition,
            List<PossibleOutcomes> tallies,
            BiConsumer<TopicRecord, Optional<PlainRecord>> each) {
        log.read(name(topic), partition, snapshot.position(name(topic), partition), record -> {
            received.merge(topic, 1L, Long::sum);
            RecordAddress address = address(topic, partition, record.offset());
            Optional<RejectReason> reason = letters.reason(address);
            checkPlace(record, address, reason);
            if (reason.isPresent()) {
                Set<String> rejected =
                        Set.of(Outcome.REJECTED.label(reason.get().label()));
                tallies.forEach(tally -> tally.add(rejected, address));
                return;
            }
            Optional<PlainRecord> value = record.value().flatMap(bytes -> values.decode(topic, bytes));
            boolean mayBeTombstone = topic == InputTopic.USERS || topic == InputTopic.ITEMS;
            if (value.isEmpty() && !(mayBeTombstone && record.value().isEmpty())) {
                findings.fault(address + " cannot be read, and is not in " + topics.deadLetters());
                return;
            }
            each.accept(record, value);
        });
    }

    /** A record is rejected for its partition if it is in another one than its key belongs to. It may have other faults too. */
    private void checkPlace(TopicRecord record, RecordAddress address, Optional<RejectReason> reason) {
        if (placement == Placement.ANY) {
            return;
        }
        int belongs = KeyPartition.of(record.key(), partitions.computeIfAbsent(record.topic(), log::partitions));
        boolean isMisplaced = record.partition() != belongs;
        boolean isRejected = reason.filter(FOR_ITS_PARTITION::contains).isPresent();
        if (isMisplaced && reason.isEmpty()) {
            findings.fault(address + " is not in the partition of its key, " + belongs + ", and was not rejected");
        } else if (!isMisplaced && isRejected) {
            findings.fault(address + " is in the partition of its key, and was rejected as "
                    + reason.map(RejectReason::label).orElseThrow());
        }
    }

    /** Reads the records of a partition behind the position, which the books do not count; those that can be decoded. */
    void readUncounted(InputTopic topic, int partition, BiConsumer<TopicRecord, PlainRecord> each) {
        long from = snapshot.position(name(topic), partition);
        long end = Math.max(from, log.committedEnd(name(topic), partition));
        if (end == from) {
            return;
        }
        log.read(name(topic), partition, end, record -> {
            if (record.offset() >= from) {
                record.value()
                        .flatMap(bytes -> values.decode(topic, bytes))
                        .ifPresent(value -> each.accept(record, value));
            }
        });
    }
}
