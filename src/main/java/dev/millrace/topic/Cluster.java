package dev.millrace.topic;

import dev.millrace.wire.AvroWire;
import dev.millrace.wire.BatchRecords;
import java.time.Duration;

/**
 * What a reader of the topics needs to know.
 *
 * @param clients how the cluster is reached
 * @param topics their names
 * @param wire how values are written
 * @param patience how long the cluster may take for the next record, an undecided transaction included
 */
public record Cluster(ClientSettings clients, TopicNames topics, AvroWire wire, Duration patience) {

    /** With the patience of a command. */
    public Cluster(ClientSettings clients, TopicNames topics, AvroWire wire) {
        this(clients, topics, wire, TopicReader.PATIENCE);
    }

    public Cluster withPatience(Duration other) {
        return new Cluster(clients, topics, wire, other);
    }

    /** A reader of its own; the caller closes it. */
    public TopicReader reader() {
        return new TopicReader(clients, patience);
    }

    /** A producer of its own, which gives up after the patience; the caller closes it. */
    public EventProducer producer() {
        return new EventProducer(clients.within(patience), topics, wire);
    }

    /** The mini-batch log as it is now. */
    public BatchLog batches(TopicReader reader) {
        return new BatchLog(reader, new BatchRecords(wire), topics.miniBatches());
    }
}
