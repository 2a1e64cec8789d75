package dev.millrace.bench;

import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EmbeddingRecords;
import dev.millrace.wire.GenerationRecords;
import dev.millrace.wire.ModelUpdateRecords;
import java.util.List;
import java.util.Optional;

/** Writes the topics that a trainer publishes, to give a server as many items as wanted. */
final class SyntheticPublication implements AutoCloseable {

    private final TopicNames topics;
    private final EmbeddingRecords embeddings;
    private final ModelUpdateRecords updates;
    private final GenerationRecords generations;
    private final EventProducer producer;

    public SyntheticPublication(ClientSettings clients, TopicNames topics, AvroWire wire) {
        this.topics = topics;
        this.embeddings = new EmbeddingRecords(wire);
        this.updates = new ModelUpdateRecords(wire);
        this.generations = new GenerationRecords(wire);
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
                EmbeddingRecords.key(embedding.generation(), embedding.item()),
                Optional.of(embeddings.encode(topics.itemEmbeddings(), embedding, vector, topics.miniBatches())),
                time);
    }

    /** Writes an entry of the query side. */
    public void send(ModelUpdate update, byte[] entry, long time) {
        producer.sendBytes(
                topics.modelUpdates(),
                ModelUpdateRecords.key(update.generation(), update.key()),
                Optional.of(updates.encode(topics.modelUpdates(), update, entry)),
                time);
    }

    /** Writes that all vectors of a generation have been sent, and promotes it. */
    public void complete(GenerationFact started) {
        String generation = started.generation();
        producer.sendToAll(
                topics.itemEmbeddings(),
                EmbeddingRecords.markKey(generation),
                embeddings.encodeMark(topics.itemEmbeddings(), generation, started.step(), topics.miniBatches()),
                started.at());
        send(started);
        for (Kind kind : List.of(Kind.COMPLETE, Kind.PROMOTED)) {
            send(new GenerationFact(generation, kind, started.at(), started.step(), started.items(), started.by()));
        }
    }

    private void send(GenerationFact fact) {
        producer.sendBytes(
                topics.generations(),
                GenerationRecords.key(fact),
                Optional.of(generations.encode(topics.generations(), fact)),
                fact.at());
    }

    /** Waits until the brokers have everything. */
    public void flush() {
        producer.flush();
    }

    @Override
    public void close() {
        producer.close();
    }
}
