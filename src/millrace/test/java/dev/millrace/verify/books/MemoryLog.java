package dev.millrace.verify.books;

import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicLog;
import dev.millrace.wire.TopicRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Topics in memory. */
final class MemoryLog implements TopicLog {

    private final int partitions;
    private final Map<String, List<TopicRecord>> records = new HashMap<>(); // by topic and partition
    private final Map<String, Long> ends = new HashMap<>();
    private final Map<String, Long> open = new HashMap<>();
    private final Map<String, Long> begins = new HashMap<>();

    /** @param partitions of every topic */
    MemoryLog(int partitions) {
        this.partitions = partitions;
    }

    TopicRecord add(String topic, int partition, byte[] key, Optional<byte[]> value, Map<String, String> headers) {
        long offset = end(topic, partition);
        TopicRecord record = new TopicRecord(topic, key, value, 0, partition, offset, headers);
        of(topic, partition).add(record);
        ends.put(topic + partition, offset + 1);
        return record;
    }

    TopicRecord add(String topic, int partition, String key, byte[] value) {
        return add(topic, partition, Utf8.bytes(key), Optional.of(value), Map.of());
    }

    /** As the end of a transaction does. */
    void leaveOut(String topic, int partition) {
        ends.merge(topic + partition, 1L, Long::sum);
    }

    /** A transaction is open from an offset on. */
    void openFrom(String topic, int partition, long offset) {
        open.put(topic + partition, offset);
    }

    /** Retention takes all before an offset. */
    void begin(String topic, int partition, long offset) {
        of(topic, partition).removeIf(record -> record.offset() < offset);
        begins.put(topic + partition, offset);
    }

    List<TopicRecord> of(String topic, int partition) {
        return records.computeIfAbsent(topic + partition, none -> new ArrayList<>());
    }

    @Override
    public int partitions(String topic) {
        return partitions;
    }

    @Override
    public long begin(String topic, int partition) {
        return begins.getOrDefault(topic + partition, 0L);
    }

    @Override
    public long end(String topic, int partition) {
        return ends.getOrDefault(topic + partition, 0L);
    }

    @Override
    public long committedEnd(String topic, int partition) {
        return open.getOrDefault(topic + partition, end(topic, partition));
    }

    @Override
    public void read(String topic, int partition, long from, long until, Predicate<TopicRecord> wantsMore) {
        boolean goesOn = true;
        for (TopicRecord record : of(topic, partition)) {
            goesOn = goesOn && (record.offset() < from || record.offset() >= until || wantsMore.test(record));
        }
    }

    @Override
    public void close() {}
}
