package dev.millrace.stream;

import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.event.RejectReason;
import dev.millrace.event.UnusableEventException;
import dev.millrace.topic.KeyPartition;
import java.util.function.ToIntFunction;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * Whether a record is in the partition that its key belongs to.
 *
 * <p>A task knows the keys of its own partitions alone. In another partition a removal removes nothing, a click finds no exposure, and
 * two changes of one item have no order.
 *
 * @param placement the rule
 * @param partitions number of partitions of a topic
 */
record PartitionCheck(Placement placement, ToIntFunction<String> partitions) {

    /** @throws UnusableEventException if a record that is a usable event otherwise is in another partition */
    void require(Record<byte[], byte[]> event, RecordMetadata from) {
        if (placement == Placement.ANY) {
            return;
        }
        int count = partitions.applyAsInt(from.topic());
        int expected = KeyPartition.of(event.key(), count);
        if (from.partition() != expected) {
            boolean isRemoval = EventReader.isTombstone(event);
            throw new UnusableEventException(
                    isRemoval ? RejectReason.MISPLACED_REMOVAL : RejectReason.BAD_PARTITION,
                    Integer.toString(from.partition()),
                    "must be " + expected + ", as Kafka's default partitioner, murmur2, places this key among " + count
                            + " partitions; librdkafka needs partitioner=murmur2_random (docs/topics.md, \"Partitioners\")"
                            + (isRemoval ? "; nothing was removed" : ""));
        }
    }
}
