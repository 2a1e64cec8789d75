package dev.millrace.wire;

import java.util.Map;
import java.util.Optional;

/**
 * One record of a topic: bytes, and where they are.
 *
 * @param topic it is of
 * @param key empty if it has none
 * @param value absent for a tombstone
 * @param timestamp epoch milliseconds
 * @param partition of the topic
 * @param offset within the partition
 * @param headers as UTF-8 text, the last of each name
 */
public record TopicRecord(
        String topic,
        byte[] key,
        Optional<byte[]> value,
        long timestamp,
        int partition,
        long offset,
        Map<String, String> headers) {

    /** Its topic, partition and offset, in words. */
    public String place() {
        return "offset " + offset + " of " + topic + "-" + partition;
    }
}
