package dev.millrace.stream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.processor.TimestampExtractor;

/**
 * The record's timestamp, or its partition's latest for a record that has none.
 *
 * <p>It only helps to merge partitions: event time is read from the events. Kafka drops a record with a negative timestamp
 * without a trace, or stops; ours must be counted.
 */
final class EventTimestamps implements TimestampExtractor {

    @Override
    public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
        return record.timestamp() >= 0 ? record.timestamp() : Math.max(0, partitionTime);
    }
}
