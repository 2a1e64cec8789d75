package dev.millrace.stream;

import dev.millrace.batch.MiniBatch;
import dev.millrace.generation.GenerationFact;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.VectorStoreRecords;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.BatchRecords;
import dev.millrace.wire.EmbeddingRecords;
import dev.millrace.wire.GenerationRecords;
import dev.millrace.wire.ModelUpdateRecords;
import dev.millrace.wire.NeighbourRecords;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.ProgressRecords;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/** Writes what a learner hands on, each to its topic. Times are epoch milliseconds, wall clock. */
final class LearnerOutlet {

    private final TopicNames topics;
    private final Outlet outlet;
    private final BatchRecords batches;
    private final EmbeddingRecords embeddings;
    private final ModelUpdateRecords updates;
    private final NeighbourRecords neighbours;
    private final GenerationRecords generations;
    private final ProgressRecords progress;
    private final Optional<VectorStoreRecords> vectorStore;

    LearnerOutlet(ProcessorContext<byte[], byte[]> context, TopicNames topics, AvroWire wire) {
        this.topics = topics;
        outlet = new Outlet(context);
        batches = new BatchRecords(wire);
        embeddings = new EmbeddingRecords(wire);
        updates = new ModelUpdateRecords(wire);
        neighbours = new NeighbourRecords(wire);
        generations = new GenerationRecords(wire);
        progress = new ProgressRecords(wire);
        vectorStore = topics.vectorStore().map(VectorStoreRecords::new);
    }

    void send(MiniBatch batch, long now) {
        outlet.send(
                MillraceTopology.TO_BATCHES,
                BatchRecords.key(batch.step()),
                batches.encode(topics.miniBatches(), batch),
                now);
    }

    void send(GenerationFact fact) {
        outlet.send(
                MillraceTopology.TO_GENERATIONS,
                GenerationRecords.key(fact),
                generations.encode(topics.generations(), fact),
                fact.at());
    }

    void send(ItemEmbedding embedding, String generation, long now) {
        vectorStore.ifPresent(records -> sendAsJson(records, embedding, now));
        byte[] key = EmbeddingRecords.key(generation, embedding.item());
        embedding
                .vector()
                .ifPresentOrElse(
                        vector -> outlet.send(
                                MillraceTopology.TO_EMBEDDINGS,
                                key,
                                embeddings.encode(topics.itemEmbeddings(), embedding, vector, topics.miniBatches()),
                                now),
                        () -> outlet.sendTombstone(MillraceTopology.TO_EMBEDDINGS, key, now));
    }

    /** Writes behind all embeddings of a generation, in each partition, that they are complete. */
    void sendMark(String generation, long step, long now) {
        outlet.send(
                MillraceTopology.TO_EMBEDDINGS,
                EmbeddingRecords.markKey(generation),
                embeddings.encodeMark(topics.itemEmbeddings(), generation, step, topics.miniBatches()),
                now);
    }

    void send(ModelUpdate update, long now) {
        byte[] key = ModelUpdateRecords.key(update.generation(), update.key());
        update.entry()
                .ifPresentOrElse(
                        entry -> outlet.send(
                                MillraceTopology.TO_UPDATES,
                                key,
                                updates.encode(topics.modelUpdates(), update, entry),
                                now),
                        () -> outlet.sendTombstone(MillraceTopology.TO_UPDATES, key, now));
    }

    /** @param list absent if the item has no neighbours any more */
    void send(String generation, long step, String item, Optional<NeighbourList> list, long now) {
        byte[] key = NeighbourRecords.key(generation, item);
        list.ifPresentOrElse(
                present -> outlet.send(
                        MillraceTopology.TO_NEIGHBOURS,
                        key,
                        neighbours.encode(topics.itemNeighbours(), generation, step, item, present),
                        now),
                () -> outlet.sendTombstone(MillraceTopology.TO_NEIGHBOURS, key, now));
    }

    void send(PartProgress part) {
        outlet.send(
                MillraceTopology.TO_PROGRESS,
                Utf8.bytes(part.part()),
                progress.encode(topics.trainingProgress(), part),
                part.writtenAt());
    }

    /** Sends the dead letter of a step that the trainer refused. */
    void sendRefusedStep(long step, String message) {
        outlet.sendRefusedStep(MillraceTopology.LEARN_TO_DEAD_LETTERS, step, topics.miniBatches(), message);
    }

    private void sendAsJson(VectorStoreRecords records, ItemEmbedding embedding, long now) {
        byte[] key = records.key(embedding.item());
        embedding
                .vector()
                .ifPresentOrElse(
                        vector -> outlet.send(
                                MillraceTopology.TO_VECTOR_STORE, key, records.value(embedding, vector), now),
                        () -> outlet.sendTombstone(MillraceTopology.TO_VECTOR_STORE, key, now));
    }
}
