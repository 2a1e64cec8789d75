package dev.millrace.flink;

import dev.millrace.attribute.SourceEvent;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicNames;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Takes the records of the three input topics as they are, but for those without a key or too far ahead: their times would move the watermark. */
final class EventSchema implements KafkaRecordDeserializationSchema<SourceEvent> {

    private static final byte[] TOMBSTONE = {};

    private final String exposures;
    private final String clicks;
    private final String users;
    private final long maxAheadMillis;

    EventSchema(TopicNames topics, long maxAheadMillis) {
        this.exposures = topics.exposures();
        this.clicks = topics.clicks();
        this.users = topics.users();
        this.maxAheadMillis = maxAheadMillis;
    }

    List<String> topics() {
        return List.of(exposures, clicks, users);
    }

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<SourceEvent> out) {
        if (record.key() != null && record.timestamp() <= System.currentTimeMillis() + maxAheadMillis) {
            out.collect(new SourceEvent(
                    topics().indexOf(record.topic()),
                    Utf8.text(record.key()),
                    record.timestamp(),
                    Optional.ofNullable(record.value()).orElse(TOMBSTONE)));
        }
    }

    @Override
    public TypeInformation<SourceEvent> getProducedType() {
        return SourceEvent.TYPE;
    }
}
