package dev.millrace.bench;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.CommittedLog;
import dev.millrace.topic.TopicFollower;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.BatchRecords;
import dev.millrace.wire.EmbeddingRecords;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.TopicRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    private final EmbeddingRecords embeddings;
    private final List<FirstVector> firstVectors = new ArrayList<>();
    private final TopicFollower follower;

    ClickTrail(ClientSettings clients, TopicNames topics, AvroWire wire) {
        this.clients = clients;
        this.topics = topics;
        this.wire = wire;
        this.embeddings = new EmbeddingRecords(wire);
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
        try (CommittedLog log = new CommittedLog(clients, PATIENCE)) {
            PlainValues values = new PlainValues(wire);
            read(log, topics.trainingExamples(), record -> record.value()
                    .flatMap(values::decode)
                    .flatMap(entry -> entry.record("entry"))
                    .filter(entry -> entry.is("ExampleRecord"))
                    .ifPresent(example -> attributed.putIfAbsent(click(example), record.timestamp())));
            BatchRecords batches = new BatchRecords(wire);
            read(log, topics.miniBatches(), record -> {
                for (TrainingExample example : batches.decode(record).examples()) {
                    batched.putIfAbsent(click(example.item(), example.producedAt()), record.timestamp());
                }
            });
        }
        Map<String, Sample> legs = new LinkedHashMap<>();
        for (FirstVector one : snapshot()) {
            Optional<Long> exampleAt = Optional.ofNullable(attributed.get(one.click()));
            Optional<Long> batchAt = Optional.ofNullable(batched.get(one.click()));
            if (one.producedAt() < from || one.producedAt() >= until || exampleAt.isEmpty() || batchAt.isEmpty()) {
                continue;
            }
            add(legs, "click sent → example written", exampleAt.get() - one.producedAt());
            add(legs, "→ mini-batch written", batchAt.get() - exampleAt.get());
            add(legs, "→ vector written", one.publishedAt() - batchAt.get());
            add(legs, "→ vector read", one.readAt() - one.publishedAt());
            add(legs, "click sent → vector read", one.readAt() - one.producedAt());
        }
        return legs;
    }

    @Override
    public void close() {
        follower.close();
    }

    private void take(TopicRecord record) {
        ItemEmbedding embedding = embeddings.decode(record);
        if (embedding.producedAt() > 0) {
            long now = System.currentTimeMillis();
            synchronized (firstVectors) {
                firstVectors.add(new FirstVector(
                        click(embedding.item(), embedding.producedAt()),
                        embedding.producedAt(),
                        record.timestamp(),
                        now));
            }
        }
    }

    private List<FirstVector> snapshot() {
        synchronized (firstVectors) {
            return List.copyOf(firstVectors);
        }
    }

    private static void read(CommittedLog log, String topic, Consumer<TopicRecord> each) {
        for (int partition = 0; partition < log.partitions(topic); partition++) {
            log.read(topic, partition, log.end(topic, partition), each);
        }
    }

    private static void add(Map<String, Sample> legs, String leg, long millis) {
        legs.computeIfAbsent(leg, name -> new Sample()).add((double) millis);
    }

    private static String click(PlainRecord example) {
        return click(example.text("item_id", ""), example.integer("produced_at", 0));
    }

    /** The key of a click. Two clicks on one item in one millisecond have the same, which does no harm. */
    private static String click(String item, long producedAt) {
        return producedAt + " " + item;
    }
}
