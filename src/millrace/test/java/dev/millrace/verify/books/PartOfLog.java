package dev.millrace.verify.books;

import dev.millrace.topic.TopicLog;
import dev.millrace.wire.TopicRecord;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Another log, less some records.
 *
 * @param first record that its partition still holds; absent if each begins where the other log's does
 */
record PartOfLog(TopicLog log, Optional<RecordAddress> first, Predicate<RecordAddress> isHeld) implements TopicLog {

    /** Less one record. */
    static PartOfLog without(TopicLog log, RecordAddress hidden) {
        return new PartOfLog(log, Optional.empty(), record -> !record.equals(hidden));
    }

    /** Whose retention has taken the beginning of one partition: all before {@code first}. */
    static PartOfLog from(TopicLog log, RecordAddress first) {
        return new PartOfLog(
                log,
                Optional.of(first),
                record -> !isSamePartition(record, first) || record.offset() >= first.offset());
    }

    @Override
    public int partitions(String topic) {
        return log.partitions(topic);
    }

    @Override
    public long begin(String topic, int partition) {
        long begin = log.begin(topic, partition);
        return first.filter(record -> isSamePartition(record, new RecordAddress(topic, partition, begin)))
                .map(RecordAddress::offset)
                .orElse(begin);
    }

    @Override
    public long end(String topic, int partition) {
        return log.end(topic, partition);
    }

    @Override
    public long committedEnd(String topic, int partition) {
        return log.committedEnd(topic, partition);
    }

    @Override
    public void read(String topic, int partition, long from, long until, Predicate<TopicRecord> wantsMore) {
        log.read(
                topic,
                partition,
                from,
                until,
                record -> !isHeld.test(new RecordAddress(topic, partition, record.offset())) || wantsMore.test(record));
    }

    @Override
    public void close() {
        log.close();
    }

    private static boolean isSamePartition(RecordAddress one, RecordAddress other) {
        return one.topic().equals(other.topic()) && one.partition() == other.partition();
    }
}
