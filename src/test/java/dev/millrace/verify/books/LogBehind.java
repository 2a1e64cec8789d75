package dev.millrace.verify.books;

import dev.millrace.topic.TopicLog;
import dev.millrace.wire.TopicRecord;
import java.util.function.Consumer;

/** Another log whose retention has taken the beginning of one partition: {@code first} is the first record still held. */
record LogBehind(TopicLog log, RecordAddress first) implements TopicLog {

    @Override
    public int partitions(String topic) {
        return log.partitions(topic);
    }

    @Override
    public long begin(String topic, int partition) {
        return isOf(topic, partition) ? first.offset() : log.begin(topic, partition);
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
            if (!isOf(topic, partition) || record.offset() >= first.offset()) {
                each.accept(record);
            }
        });
    }

    @Override
    public void close() {
        log.close();
    }

    private boolean isOf(String topic, int partition) {
        return topic.equals(first.topic()) && partition == first.partition();
    }
}
