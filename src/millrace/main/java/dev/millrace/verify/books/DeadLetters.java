package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.event.RejectReason;
import dev.millrace.topic.KeyPartition;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.DeadLetterHeaders;
import dev.millrace.wire.TopicRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** The dead letters of the input topics: whether they are of what was rejected, and no other record is in a wrong partition. */
final class DeadLetters {

    /** A dead letter: where it is, and why the record of its origin was rejected. */
    private record Letter(String reason, RecordAddress address) {}

    private final TopicLog log;
    private final String topic;
    private final Placement placement;
    private final List<String> faults;
    private final Map<RecordAddress, Letter> letters = new HashMap<>(); // by the address of what was rejected
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
        log.readAll(topic, letter -> origin(letter.headers())
                .filter(origin -> topics.inputs().contains(origin.topic()))
                .ifPresent(origin -> add(letter, origin)));
    }

    private void add(TopicRecord letter, RecordAddress origin) {
        RecordAddress address = RecordAddress.of(letter);
        String reason = letter.headers().getOrDefault(DeadLetterHeaders.REASON, "");
        if (RejectReason.of(reason).isEmpty()) {
            faults.add(address + " was rejected for a reason that is not known here: " + reason);
        }
        Letter other = letters.putIfAbsent(origin, new Letter(reason, address));
        if (other != null) {
            faults.add(origin + " was rejected twice: " + other.address + " and " + address);
        }
    }

    private static Optional<RecordAddress> origin(Map<String, String> headers) {
        try {
            return Optional.of(new RecordAddress(
                    headers.getOrDefault(DeadLetterHeaders.TOPIC, ""),
                    Integer.parseInt(headers.getOrDefault(DeadLetterHeaders.PARTITION, "")),
                    Long.parseLong(headers.getOrDefault(DeadLetterHeaders.OFFSET, ""))));
        } catch (NumberFormatException none) {
            return Optional.empty();
        }
    }

    int faultCount() {
        return faults.size();
    }

    /** Why a record was rejected, as its dead letter says; absent if it has none. */
    Optional<String> reason(TopicRecord record) {
        return Optional.ofNullable(letters.get(RecordAddress.of(record))).map(Letter::reason);
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
        boolean isRejected = rejected.filter(why -> why.equals(RejectReason.BAD_PARTITION.label())
                        || why.equals(RejectReason.MISPLACED_REMOVAL.label()))
                .isPresent();
        if (isMisplaced && rejected.isEmpty()) {
            faults.add(RecordAddress.of(record) + " is not in the partition of its key, " + belongs
                    + ", and was not rejected");
        } else if (!isMisplaced && isRejected) {
            faults.add(RecordAddress.of(record) + " is in the partition of its key, and was rejected as "
                    + rejected.orElseThrow());
        }
    }
}
