package dev.millrace.topic;

import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.wire.TopicRecord;
import java.util.function.Consumer;

/** The committed records of topics, to be read once, up to a known offset. */
public interface TopicLog extends AutoCloseable {

    /** Partitions of a topic; they are numbered from 0. */
    int partitions(String topic);

    /** Offset of the first record retained. */
    long begin(String topic, int partition);

    /** Offset behind the last record written so far, whether its transaction has ended or not. */
    long end(String topic, int partition);

    /** Offset behind the last record before the first transaction that is still open. */
    long committedEnd(String topic, int partition);

    /**
     * Reads the committed records of a partition that lie before an offset, in their order.
     *
     * @throws UnusableTopicException if that offset is not reached, because a transaction before it stays open
     */
    void read(String topic, int partition, long until, Consumer<TopicRecord> each);

    /** Reads the committed records of each partition, one after the other, up to the end that it has now. */
    default void readAll(String topic, Consumer<TopicRecord> each) {
        for (int partition = 0; partition < partitions(topic); partition++) {
            read(topic, partition, end(topic, partition), each);
        }
    }

    @Override
    void close();
}
