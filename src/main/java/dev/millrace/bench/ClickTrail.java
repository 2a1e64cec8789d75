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
 * Where the time of clicks goes: it follows the published vectors as a server does, and looks up afterwards when the brokers took what
 * came before them.
 *
 * <p>Of each vector it takes the oldest click that the vector is the first to show.
 */
final class ClickTrail implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** A vector that shows a click: when that was sent, when the brokers took the vector, when it was read. Epoch milliseconds. */
    private record Shown(String click, long producedAt, long publishedAt, long readAt) {}

    private final ClientSettings clients;
    private final TopicNames topics;
    private final AvroWire wire;
    private final EmbeddingRecords embeddings;
    private final List<Shown> shown = new ArrayList<>();
    private final TopicFollower follower;

    ClickTrail(ClientSettings clients, TopicNames topics, AvroWire wire) {
        this.clients = clients;
        this.topics = topics;
        this.wire = wire;
        this.embeddings = new EmbeddingRecords(wire);
        this.follower = TopicFollower.start(clients, topics.itemEmbeddings(), this::take);
    }

    /**
     * The legs that clicks went, in their order, for clicks sent within a stretch of time.
     *
     * @param from epoch milliseconds
     * @param until epoch milliseconds, behind the last
     */
    Map<String, Waits> legs(long from, long until) {
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
        Map<String, Waits> legs = new LinkedHashMap<>();
        for (Shown one : snapshot()) {
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
            synchronized (shown) {
                shown.add(new Shown(
                        click(embedding.item(), embedding.producedAt()),
                        embedding.producedAt(),
                        record.timestamp(),
                        now));
            }
        }
    }

    private List<Shown> snapshot() {
        synchronized (shown) {
            return List.copyOf(shown);
        }
    }

    private static void read(CommittedLog log, String topic, Consumer<TopicRecord> each) {
        for (int partition = 0; partition < log.partitions(topic); partition++) {
            log.read(topic, partition, log.end(topic, partition), each);
        }
    }

    private static void add(Map<String, Waits> legs, String leg, long millis) {
        legs.computeIfAbsent(leg, name -> new Waits()).add((double) millis);
    }

    private static String click(PlainRecord example) {
        return click(example.text("item_id", ""), example.integer("produced_at", 0));
    }

    /** Two clicks on one item in one millisecond are told apart by nothing here, and need not be. */
    private static String click(String item, long producedAt) {
        return producedAt + " " + item;
    }
}
