package dev.millrace.bench;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.TopicFollower;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * Measures where the time of a click goes. It follows the published vectors as a server does, and reads from the topics afterwards when
 * the brokers took the records before them.
 *
 * <p>Of each vector it measures the oldest click that no earlier vector had learnt from.
 */
final class ClickTrail implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** The first vector that has learnt from a click: when the click was sent, and the vector published and read, epoch milliseconds. */
    private record FirstVector(String click, long producedAt, long publishedAt, long readAt) {}

    private final ClientSettings clients;
    private final TopicNames topics;
    private final AvroWire wire;
    private final Queue<FirstVector> firstVectors = new ConcurrentLinkedQueue<>();
    private final TopicFollower follower;

    ClickTrail(ClientSettings clients, TopicNames topics, AvroWire wire) {
        this.clients = clients;
        this.topics = topics;
        this.wire = wire;
        this.follower = TopicFollower.start(clients, topics.itemEmbeddings(), this::take);
    }

    /**
     * The times of the legs of a click's way, in their order, for clicks sent within a time.
     *
     * @param from epoch milliseconds
     * @param until epoch milliseconds, exclusive
     */
    Map<String, Sample> legs(long from, long until) {
        Map<String, Long> attributed = new HashMap<>();
        Map<String, Long> batched = new HashMap<>();
        try (TopicReader log = new TopicReader(clients, PATIENCE)) {
            PlainValues values = new PlainValues(wire);
            read(log, topics.trainingExamples(), record -> record.value()
                    .flatMap(values::decode)
                    .flatMap(entry -> entry.record("entry"))
                    .filter(entry -> entry.is("ExampleRecord"))
                    .map(example -> click(example.text("item_id", ""), example.integer("produced_at", 0)))
                    .ifPresent(click -> attributed.putIfAbsent(click, record.timestamp())));
            read(log, topics.miniBatches(), record -> {
                for (TrainingExample example :
                        wire.decode(Topic.MINI_BATCHES, record).orElseThrow().examples()) {
                    batched.putIfAbsent(click(example.item(), example.producedAt()), record.timestamp());
                }
            });
        }
        Map<String, Sample> legs = new LinkedHashMap<>();
        for (FirstVector one : firstVectors) {
            Long exampleAt = attributed.get(one.click());
            Long batchAt = batched.get(one.click());
            if (from <= one.producedAt() && one.producedAt() < until && exampleAt != null && batchAt != null) {
                add(legs, "click sent → example written", exampleAt - one.producedAt());
                add(legs, "→ mini-batch written", batchAt - exampleAt);
                add(legs, "→ vector written", one.publishedAt() - batchAt);
                add(legs, "→ vector read", one.readAt() - one.publishedAt());
                add(legs, "click sent → vector read", one.readAt() - one.producedAt());
            }
        }
        return legs;
    }

    @Override
    public void close() {
        follower.close();
    }

    private void take(TopicRecord record) {
        long now = System.currentTimeMillis();
        ItemEmbedding embedding = wire.decode(Topic.ITEM_EMBEDDINGS, record).orElseThrow();
        long producedAt = embedding.producedAt();
        if (producedAt > 0) {
            firstVectors.add(new FirstVector(click(embedding.item(), producedAt), producedAt, record.timestamp(), now));
        }
    }

    private static void read(TopicReader log, String topic, Consumer<TopicRecord> each) {
        for (int partition = 0; partition < log.partitions(topic); partition++) {
            log.read(topic, partition, log.end(topic, partition), each);
        }
    }

    private static void add(Map<String, Sample> legs, String leg, long millis) {
        legs.computeIfAbsent(leg, name -> new Sample()).add((double) millis);
    }

    /** The key of a click. Two clicks on one item in one millisecond have the same, which does no harm. */
    private static String click(String item, long producedAt) {
        return producedAt + " " + item;
    }
}
