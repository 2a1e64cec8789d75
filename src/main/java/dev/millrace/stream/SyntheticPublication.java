package dev.millrace.stream;

import dev.millrace.publish.ItemEmbedding;
import java.util.Optional;

/** Writes what a trainer publishes, as it writes it: for a server with as many items as wanted. */
public final class SyntheticPublication implements AutoCloseable {

    private final TopicNames topics;
    private final AvroWire wire;
    private final EventProducer producer;

    public SyntheticPublication(ClientSettings clients, TopicNames topics, AvroWire wire) {
        this.topics = topics;
        this.wire = wire;
        this.producer = new EventProducer(clients, topics, wire);
    }

    /**
     * Writes an item's vector.
     *
     * @param vector [dim] of the embedding
     * @param time of the record, epoch milliseconds
     */
    public void send(ItemEmbedding embedding, float[] vector, long time) {
        producer.sendBytes(
                topics.itemEmbeddings(),
                Outlet.utf8(embedding.item()),
                Optional.of(wire.encode(
                        topics.itemEmbeddings(), OutputCodec.toAvro(embedding, vector, topics.miniBatches()))),
                time);
    }

    /** Writes an entry of the query side. */
    public void send(ModelUpdate update, byte[] entry, long time) {
        producer.sendBytes(
                topics.modelUpdates(),
                ModelUpdateRecords.key(update.generation(), update.key()),
                Optional.of(wire.encode(topics.modelUpdates(), ModelUpdateRecords.toAvro(update, entry))),
                time);
    }

    /** Waits until the brokers have all of it. */
    public void flush() {
        producer.flush();
    }

    @Override
    public void close() {
        producer.close();
    }
}
