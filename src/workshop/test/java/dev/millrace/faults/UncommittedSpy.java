package dev.millrace.faults;

import dev.millrace.topic.ClientSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads of one topic what no subscriber should: records of transactions that have not ended. One thread. */
final class UncommittedSpy implements AutoCloseable {

    /** Where a record is. */
    record Place(int partition, long offset) implements Comparable<Place> {

        @Override
        public int compareTo(Place other) {
            return partition == other.partition
                    ? Long.compare(offset, other.offset)
                    : Integer.compare(partition, other.partition);
        }
    }

    private static final Duration POLL = Duration.ofMillis(100);

    private final KafkaConsumer<byte[], byte[]> uncommitted;
    private final KafkaConsumer<byte[], byte[]> committed;
    private final List<TopicPartition> partitions;

    UncommittedSpy(ClientSettings clients, String topic) {
        uncommitted = consumer(clients, "read_uncommitted");
        committed = consumer(clients, "read_committed");
        partitions = uncommitted.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
        uncommitted.assign(partitions);
        committed.assign(partitions);
    }

    /** Records from the first transaction without an end on. */
    List<Place> undecided() {
        committed.endOffsets(partitions).forEach(uncommitted::seek);
        return read(uncommitted, uncommitted.endOffsets(partitions));
    }

    /** All committed records. */
    Set<Place> committed() {
        committed.seekToBeginning(partitions);
        return new TreeSet<>(read(committed, committed.endOffsets(partitions)));
    }

    @Override
    public void close() {
        uncommitted.close();
        committed.close();
    }

    private static List<Place> read(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        List<Place> places = new ArrayList<>();
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                places.add(new Place(record.partition(), record.offset()));
            }
        }
        return places;
    }

    private static KafkaConsumer<byte[], byte[]> consumer(ClientSettings clients, String isolation) {
        Map<String, Object> config = new HashMap<>(clients.properties());
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
