package dev.millrace.topic.transaction;

import java.time.Instant;
import org.apache.kafka.common.TopicPartition;

/**
 * A transaction that has no end in the log of one partition.
 *
 * @param producerId that the records carry
 * @param epoch of the producer in this log
 * @param coordinatorEpoch of the last end that this producer has here; 0 if it has none
 * @param firstOffset of the transaction in this partition; readers of committed records stop before it
 * @param lastWrite when the producer last wrote here, by the records' timestamps
 */
public record OpenTransaction(
        String topic,
        int partition,
        long producerId,
        short epoch,
        int coordinatorEpoch,
        long firstOffset,
        Instant lastWrite) {

    /** Topic and partition, as Kafka's tools write them. */
    public String place() {
        return topic + "-" + partition;
    }

    TopicPartition topicPartition() {
        return new TopicPartition(topic, partition);
    }

    boolean isSameAs(OpenTransaction other) {
        return atFirstOffset().equals(other.atFirstOffset());
    }

    /** The same for as long as the transaction is open. */
    OpenTransaction atFirstOffset() {
        return new OpenTransaction(topic, partition, producerId, (short) 0, 0, firstOffset, Instant.EPOCH);
    }
}
