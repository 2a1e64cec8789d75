package dev.millrace.verify.books;

import dev.millrace.event.RejectReason;
import dev.millrace.topic.TopicLog;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which records were rejected and why, by where they came from. */
final class DeadLetters {

    private static final String TOPIC = "__streams.errors.topic";
    private static final String PARTITION = "__streams.errors.partition";
    private static final String OFFSET = "__streams.errors.offset";
    private static final String REASON = "millrace.reject.reason";

    private record Letter(RejectReason reason, RecordAddress place) {}

    private final Map<RecordAddress, Letter> letters = new HashMap<>();

    /**
     * Reads those of records of input topics; refused steps are dead letters too, and others'.
     *
     * @param findings told of records that were rejected twice
     */
    static DeadLetters read(TopicLog log, String topic, List<Long> ends, Set<String> inputs, CountFindings findings) {
        DeadLetters read = new DeadLetters();
        for (int partition = 0; partition < ends.size(); partition++) {
            int of = partition;
            log.read(topic, partition, ends.get(partition), record -> {
                Map<String, String> headers = record.headers();
                Optional<RecordAddress> origin = origin(headers);
                if (origin.isEmpty() || !inputs.contains(origin.get().topic())) {
                    return;
                }
                RecordAddress place = new RecordAddress(topic, of, record.offset());
                String label = headers.getOrDefault(REASON, "");
                Optional<RejectReason> reason = RejectReason.of(label);
                if (reason.isEmpty()) {
                    findings.fault(place + " was rejected for a reason that is not known here: " + label);
                    return;
                }
                Letter letter = new Letter(reason.get(), place);
                Letter other = read.letters.putIfAbsent(origin.get(), letter);
                if (other != null) {
                    findings.fault(origin.get() + " was rejected twice: " + other.place() + " and " + place);
                }
            });
        }
        return read;
    }

    /** Why the record there was rejected, if it was. */
    Optional<RejectReason> reason(RecordAddress place) {
        return Optional.ofNullable(letters.get(place)).map(Letter::reason);
    }

    private static Optional<RecordAddress> origin(Map<String, String> headers) {
        try {
            return Optional.of(new RecordAddress(
                    headers.getOrDefault(TOPIC, ""),
                    Integer.parseInt(headers.getOrDefault(PARTITION, "")),
                    Long.parseLong(headers.getOrDefault(OFFSET, ""))));
        } catch (NumberFormatException none) {
            return Optional.empty();
        }
    }
}
