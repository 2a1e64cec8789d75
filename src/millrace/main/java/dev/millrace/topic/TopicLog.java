package dev.millrace.topic;

import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.wire.TopicRecord;
import java.util.function.Consumer;
import java.util.function.Predicate;

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
     * Reads the committed records of a partition that lie between two offsets, in their order.
     *
     * @param wantsMore takes each record; returns false to stop reading
     * @throws UnusableTopicException if the end is not reached, because a transaction before it stays open
     */
    void read(String topic, int partition, long from, long until, Predicate<TopicRecord> wantsMore);

    /** As {@link #read(String, int, long, long, Predicate)}, from the beginning. */
    default void read(String topic, int partition, long until, Consumer<TopicRecord> each) {
        read(topic, partition, begin(topic, partition), until, record -> {
            each.accept(record);
            return true;
        });
    }

    /** Reads the committed records of each partition, one after the other, up to the end that it has now. */
    default void readAll(String topic, Consumer<TopicRecord> each) {
        for (int partition = 0; partition < partitions(topic); partition++) {
            read(topic, partition, end(topic, partition), each);
        }
    }

    @Override
    void close();
}
