package dev.millrace.stream;

import java.util.Optional;

/**
 * One record of a topic as a follower gets it.
 *
 * @param topic it is of
 * @param key empty if it has none
 * @param value absent for a tombstone
 * @param timestamp epoch milliseconds
 * @param partition of the topic
 * @param offset within the partition
 */
public record TopicRecord(
        String topic, byte[] key, Optional<byte[]> value, long timestamp, int partition, long offset) {

    /** Where it is, in words. */
    public String place() {
        return "offset " + offset + " of " + topic + "-" + partition;
    }
}
