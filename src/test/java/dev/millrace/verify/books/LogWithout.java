package dev.millrace.verify.books;

import dev.millrace.topic.TopicLog;
import dev.millrace.wire.TopicRecord;
import java.util.function.Consumer;

/** Another log, less one record. */
record LogWithout(TopicLog log, RecordAddress hidden) implements TopicLog {

    @Override
    public int partitions(String topic) {
        return log.partitions(topic);
    }

    @Override
    public long begin(String topic, int partition) {
        return log.begin(topic, partition);
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
    public void read(String topic, int partition, long until, Consumer<TopicRecord> each) {
        log.read(topic, partition, until, record -> {
            if (!new RecordAddress(topic, partition, record.offset()).equals(hidden)) {
                each.accept(record);
            }
        });
    }

    @Override
    public void close() {
        log.close();
    }
}
