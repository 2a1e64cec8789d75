package dev.millrace.verify.books;

import dev.millrace.event.RejectReason;
import dev.millrace.topic.TopicLog;
import dev.millrace.wire.DeadLetterHeaders;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The records of input topics that were rejected, with the reason, by their address. */
final class DeadLetters {

    private record Letter(RejectReason reason, RecordAddress address) {}

    private final Map<RecordAddress, Letter> letters = new HashMap<>();

    /**
     * Reads the dead letters up to the ends given. Those of no input topic, such as refused steps, are left out.
     *
     * @param ends offset to end at, by partition
     * @param inputs names of the input topics
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
                RecordAddress address = new RecordAddress(topic, of, record.offset());
                String label = headers.getOrDefault(DeadLetterHeaders.REASON, "");
                Optional<RejectReason> reason = RejectReason.of(label);
                if (reason.isEmpty()) {
                    findings.fault(address + " was rejected for a reason that is not known here: " + label);
                    return;
                }
                Letter letter = new Letter(reason.get(), address);
                Letter other = read.letters.putIfAbsent(origin.get(), letter);
                if (other != null) {
                    findings.fault(origin.get() + " was rejected twice: " + other.address() + " and " + address);
                }
            });
        }
        return read;
    }

    /** The reason why the record at that address was rejected; absent if it was not. */
    Optional<RejectReason> reason(RecordAddress address) {
        return Optional.ofNullable(letters.get(address)).map(Letter::reason);
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
}
