package dev.millrace.cli.verify;

import dev.millrace.cli.option.ProgressLine;
import dev.millrace.topic.TopicLog;
import dev.millrace.wire.TopicRecord;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Topics, and a line that shows how many of their records were read. */
final class WatchedLog implements TopicLog {

    private final TopicLog topics;
    private final ProgressLine line;
    private final long all;
    private long read;

    /** @param names of the topics that will be read */
    WatchedLog(TopicLog topics, List<String> names, ProgressLine line) {
        this.topics = topics;
        this.line = line;
        this.all = line.isShown() ? names.stream().mapToLong(this::records).sum() : 0;
    }

    @Override
    public int partitions(String topic) {
        return topics.partitions(topic);
    }

    @Override
    public long begin(String topic, int partition) {
        return topics.begin(topic, partition);
    }

    @Override
    public long end(String topic, int partition) {
        return topics.end(topic, partition);
    }

    @Override
    public long committedEnd(String topic, int partition) {
        return topics.committedEnd(topic, partition);
    }

    @Override
    public void read(String topic, int partition, long until, Consumer<TopicRecord> each) {
        topics.read(topic, partition, until, record -> {
            each.accept(record);
            line.reached(topic, Math.min(++read, all), all);
        });
    }

    @Override
    public void close() {
        topics.close();
    }

    private long records(String topic) {
        return IntStream.range(0, topics.partitions(topic))
                .mapToLong(partition -> topics.end(topic, partition) - topics.begin(topic, partition))
                .sum();
    }
}
