package dev.millrace.stream;

import dev.millrace.batch.MiniBatch;
import dev.millrace.generation.GenerationFact;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.VectorStoreRecords;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/** Writes what a learner hands on, each to its topic. Times are epoch milliseconds, wall clock. */
final class LearnerOutlet {

    private final TopicNames topics;
    private final Outlet outlet;
    private final AvroWire wire;
    private final Topic<ItemEmbedding> embeddings;
    private final Optional<VectorStoreRecords> vectorStore;

    LearnerOutlet(ProcessorContext<byte[], byte[]> context, TopicNames topics, AvroWire wire) {
        this.topics = topics;
        outlet = new Outlet(context);
        this.wire = wire;
        embeddings = Topic.itemEmbeddings(topics.miniBatches());
        vectorStore = topics.vectorStore().map(VectorStoreRecords::new);
    }

    void send(MiniBatch batch, long now) {
        send(MillraceTopology.TO_BATCHES, Topic.MINI_BATCHES, topics.miniBatches(), batch, now);
    }

    void send(GenerationFact fact) {
        send(MillraceTopology.TO_GENERATIONS, Topic.GENERATIONS, topics.generations(), fact, fact.at());
    }

    void send(ItemEmbedding embedding, long now) {
        vectorStore.ifPresent(records -> sendAsJson(records, embedding, now));
        send(MillraceTopology.TO_EMBEDDINGS, embeddings, topics.itemEmbeddings(), embedding, now);
    }

    /** Writes behind all embeddings of a generation, in each partition, that they are complete. */
    void sendMark(String generation, long step, long now) {
        ItemEmbedding mark = ItemEmbedding.mark(generation, step);
        send(MillraceTopology.TO_EMBEDDINGS, embeddings, topics.itemEmbeddings(), mark, now);
    }

    void send(ModelUpdate update, long now) {
        send(MillraceTopology.TO_UPDATES, Topic.MODEL_UPDATES, topics.modelUpdates(), update, now);
    }

    void send(Topic.ItemNeighbours neighbours, long now) {
        send(MillraceTopology.TO_NEIGHBOURS, Topic.ITEM_NEIGHBOURS, topics.itemNeighbours(), neighbours, now);
    }

    void send(PartProgress part) {
        send(MillraceTopology.TO_PROGRESS, Topic.TRAINING_PROGRESS, topics.trainingProgress(), part, part.writtenAt());
    }

    private <T> void send(String sink, Topic<T> topic, String name, T value, long timestamp) {
        outlet.send(sink, topic.key(value), wire.encode(topic, name, value), timestamp);
    }

    /** Sends the dead letter of a step that the trainer refused. */
    void sendRefusedStep(long step, String message) {
        outlet.sendRefusedStep(MillraceTopology.LEARN_TO_DEAD_LETTERS, step, topics.miniBatches(), message);
    }

    private void sendAsJson(VectorStoreRecords records, ItemEmbedding embedding, long now) {
        outlet.send(
                MillraceTopology.TO_VECTOR_STORE,
                records.key(embedding.item()),
                embedding.vector().map(vector -> records.value(embedding, vector)),
                now);
    }
}
