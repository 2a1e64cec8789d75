package dev.millrace.bench;

import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.CounterRandom;
import dev.millrace.stream.Streams;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import java.util.Optional;

/** Vectors of any number of items on the topic item-embeddings, decided by a seed: for a server that starts with many. */
public final class SyntheticEmbeddings {

    private final ClientSettings clients;
    private final TopicNames topics;
    private final AvroWire wire;
    private final int dim;
    private final long seed;

    public SyntheticEmbeddings(ClientSettings clients, TopicNames topics, AvroWire wire, int dim, long seed) {
        this.clients = clients;
        this.topics = topics;
        this.wire = wire;
        this.dim = dim;
        this.seed = seed;
    }

    public static String item(int number) {
        return "many-" + number;
    }

    /** [dim] unit-length vector of an item. */
    public float[] vector(int number) {
        float[] vector = new float[dim];
        double squares = 0;
        for (int d = 0; d < dim; d++) {
            vector[d] = CounterRandom.below(2001, seed, number, d) / 1000f - 1;
            squares += vector[d] * vector[d];
        }
        for (int d = 0; d < dim; d++) {
            vector[d] /= (float) Math.sqrt(squares);
        }
        return vector;
    }

    /** Writes the first so many, as made by a step of a generation. */
    public void write(int count, String generation, long step) {
        Topic<ItemEmbedding> embeddings = Topic.itemEmbeddings(topics.miniBatches());
        try (EventProducer producer = new EventProducer(clients, topics, wire)) {
            for (int number = 0; number < count; number++) {
                float[] vector = vector(number);
                ItemEmbedding embedding = new ItemEmbedding(item(number), Optional.of(vector), generation, step, 0, 0);
                producer.send(embeddings, topics.itemEmbeddings(), embedding, Streams.T0);
            }
            producer.flush();
        }
    }
}
