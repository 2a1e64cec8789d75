package dev.millrace.topic;

import dev.millrace.wire.TopicRecord;
import java.time.Duration;
import java.util.function.Consumer;

/** The topics of a cluster, read by a consumer without a group. Used by one thread. */
public final class CommittedLog implements TopicLog {

    private final TopicReader reader;

    /** @param patience how long the cluster may take to answer, and an open transaction to end */
    public CommittedLog(ClientSettings clients, Duration patience) {
        reader = new TopicReader(clients, patience);
    }

    @Override
    public int partitions(String topic) {
        return reader.extents(topic).size();
    }

    @Override
    public long begin(String topic, int partition) {
        return extent(topic, partition).first();
    }

    @Override
    public long end(String topic, int partition) {
        return extent(topic, partition).end();
    }

    @Override
    public long committedEnd(String topic, int partition) {
        return reader.committedEnd(topic, partition);
    }

    @Override
    public void read(String topic, int partition, long until, Consumer<TopicRecord> each) {
        long first = begin(topic, partition);
        reader.read(new TopicReader.Extent(topic, partition, first, until), first, record -> {
            each.accept(record);
            return true;
        });
    }

    @Override
    public void close() {
        reader.close();
    }

    private TopicReader.Extent extent(String topic, int partition) {
        return reader.extents(topic).get(partition);
    }
}
