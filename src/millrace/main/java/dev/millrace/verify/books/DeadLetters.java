package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.event.RejectReason;
import dev.millrace.topic.KeyPartition;
import dev.millrace.topic.Letter;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.TopicRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** The dead letters of the input topics: whether they are of what was rejected, and no other record is in a wrong partition. */
final class DeadLetters {

    private record Rejection(String reason, RecordAddress letter) {}

    private final TopicLog log;
    private final String topic;
    private final Placement placement;
    private final List<String> faults;
    private final Map<RecordAddress, Rejection> rejections = new HashMap<>(); // by the address of what was rejected
    private final Map<String, Integer> partitions = new HashMap<>();
    private final boolean isWhole;

    /** Reads the dead letters. Those of no input topic, such as refused steps, are left out. */
    DeadLetters(TopicLog log, TopicNames topics, Placement placement, List<String> faults) {
        this.log = log;
        this.topic = topics.deadLetters();
        this.placement = placement;
        this.faults = faults;
        this.isWhole =
                IntStream.range(0, log.partitions(topic)).allMatch(partition -> log.begin(topic, partition) == 0);
        log.readAll(topic, record -> {
            Letter letter = new Letter(record);
            if (letter.hasOrigin() && topics.inputs().contains(letter.topic())) {
                add(letter);
            }
        });
    }

    private void add(Letter letter) {
        RecordAddress address = RecordAddress.of(letter.record());
        if (RejectReason.of(letter.reason()).isEmpty()) {
            faults.add(address + " was rejected for a reason that is not known here: " + letter.reason());
        }
        RecordAddress origin = new RecordAddress(letter.topic(), letter.partition(), letter.offset());
        Rejection other = rejections.putIfAbsent(origin, new Rejection(letter.reason(), address));
        if (other != null) {
            faults.add(origin + " was rejected twice: " + other.letter + " and " + address);
        }
    }

    int faultCount() {
        return faults.size();
    }

    /** Why a record was rejected, as its dead letter says; absent if it has none. */
    Optional<String> reason(TopicRecord record) {
        return Optional.ofNullable(rejections.get(RecordAddress.of(record))).map(Rejection::reason);
    }

    /**
     * Judges whether a record has a dead letter that was rejected, and no other.
     *
     * @param rejected why it was rejected, as the commit says; absent if it was not
     */
    void judge(TopicRecord record, Optional<String> rejected) {
        Optional<String> told = reason(record);
        if (!told.equals(rejected) && (isWhole || told.isPresent())) {
            faults.add(RecordAddress.of(record) + " was "
                    + rejected.map(why -> "rejected as " + why).orElse("not rejected") + ", and " + topic
                    + told.map(why -> " says " + why).orElse(" does not have it"));
        }
    }

    /** A record is rejected for its partition if it is in another one than its key belongs to. It may have other faults too. */
    void judgePlace(TopicRecord record, Optional<String> rejected) {
        if (placement == Placement.ANY) {
            return;
        }
        int belongs = KeyPartition.of(record.key(), partitions.computeIfAbsent(record.topic(), log::partitions));
        boolean isMisplaced = record.partition() != belongs;
        boolean isRejected = rejected.equals(Optional.of(RejectReason.BAD_PARTITION.label()))
                || rejected.equals(Optional.of(RejectReason.MISPLACED_REMOVAL.label()));
        if (isMisplaced && rejected.isEmpty()) {
            faults.add(RecordAddress.of(record) + " is not in the partition of its key, " + belongs
                    + ", and was not rejected");
        } else if (!isMisplaced && isRejected) {
            faults.add(RecordAddress.of(record) + " is in the partition of its key, and was rejected as "
                    + rejected.orElseThrow());
        }
    }
}
