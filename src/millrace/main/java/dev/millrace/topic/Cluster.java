package dev.millrace.topic;

import dev.millrace.operation.Progress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * What a reader of the topics needs to know.
 *
 * @param clients how the cluster is reached
 * @param topics their names
 * @param wire how values are written
 * @param patience how long the cluster may take for the next record, an undecided transaction included
 * @param progress told by its readers of what takes long
 */
public record Cluster(ClientSettings clients, TopicNames topics, AvroWire wire, Duration patience, Progress progress) {

    /** With the patience of a command. */
    public Cluster(ClientSettings clients, TopicNames topics, AvroWire wire) {
        this(clients, topics, wire, TopicReader.PATIENCE, Progress.NONE);
    }

    public Cluster withPatience(Duration other) {
        return new Cluster(clients, topics, wire, other, progress);
    }

    public Cluster followedBy(Progress other) {
        return new Cluster(clients, topics, wire, patience, other);
    }

    /** A reader of its own; the caller closes it. */
    public TopicReader reader() {
        return new TopicReader(clients, patience, progress);
    }

    /**
     * Reads what the records of a topic hold that are committed now.
     *
     * @param name of the topic in the cluster
     */
    <T> void readAll(Topic<T> topic, String name, Consumer<T> each) {
        try (TopicReader reader = reader()) {
            reader.readAll(name, record -> wire.decode(topic, record).ifPresent(each));
        }
    }

    /** A producer of its own, which gives up after the patience; the caller closes it. */
    public EventProducer producer() {
        return new EventProducer(clients.within(patience), topics, wire);
    }

    /**
     * Writes a record, and waits until the brokers have acknowledged it.
     *
     * @param name of the topic in the cluster
     */
    <T> void append(Topic<T> topic, String name, T value, long time) {
        try (EventProducer producer = producer()) {
            producer.send(topic, name, value, time);
            producer.flush();
        }
    }

    /** The mini-batches as they are now. */
    public BatchLog batches(TopicReader reader) {
        return new BatchLog(reader, wire, topics.miniBatches());
    }
}
