package dev.millrace.stream;

import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.state.Utf8;
import dev.millrace.topic.BrokerUnreachableException;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.GenerationLog;
import dev.millrace.topic.ProgressLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.GenerationRecords;
import dev.millrace.wire.PartProgress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Where it is decided which generation answers: what is said here, all servers do.
 *
 * <p>It reads what was said, checks, and says more; two that decide at the same moment may both be heard, and the later one holds.
 */
public final class GenerationDesk {

    private final ClientSettings clients;
    private final TopicNames topics;
    private final AvroWire wire;
    private final Duration patience;
    private final InstantSource clock;

    /** @param patience how long the cluster may take for the next record */
    public GenerationDesk(
            ClientSettings clients, TopicNames topics, AvroWire wire, Duration patience, InstantSource clock) {
        this.clients = clients;
        this.topics = topics;
        this.wire = wire;
        this.patience = patience;
        this.clock = clock;
    }

    /** All that has been said until now. */
    public GenerationHistory history() {
        return new GenerationLog(clients, topics, wire, patience).read();
    }

    /**
     * Lets a generation answer.
     *
     * @return the one that was to answer before
     * @throws GenerationRefusedException if it is not known, not complete, retired, or answers already
     */
    public Optional<String> promote(String generation) {
        GenerationHistory history = history();
        requireKnown(history, generation);
        if (history.is(generation, Kind.RETIRED)) {
            throw new GenerationRefusedException("generation " + generation + " is retired: its records are gone");
        }
        if (!history.is(generation, Kind.COMPLETE)) {
            throw new GenerationRefusedException("generation " + generation
                    + " is not complete: its learner has not caught up, or withholds its vectors");
        }
        Optional<String> before = history.promotedLastFirst().stream().findFirst();
        if (before.filter(generation::equals).isPresent()) {
            throw new GenerationRefusedException("generation " + generation + " is the one that answers");
        }
        say(generation, Kind.PROMOTED, "millrace model promote");
        return before;
    }

    /**
     * Lets the generation answer again that did before.
     *
     * @return it, and behind it the one that answered until now
     * @throws GenerationRefusedException if there is none
     */
    public List<String> rollBack() {
        List<String> lastFirst = history().promotedLastFirst();
        if (lastFirst.size() < 2) {
            throw new GenerationRefusedException("there is no generation to go back to: "
                    + (lastFirst.isEmpty() ? "none was promoted yet" : lastFirst.get(0) + " is the only one promoted"));
        }
        say(lastFirst.get(1), Kind.PROMOTED, "millrace model rollback");
        return List.of(lastFirst.get(1), lastFirst.get(0));
    }

    /**
     * Ends a generation: it never answers again, and its records are removed.
     *
     * @return records that were removed
     * @throws GenerationRefusedException if it is not known, answers, or its learner makes the log
     */
    public long retire(String generation) {
        GenerationHistory history = history();
        requireKnown(history, generation);
        if (history.promotedLastFirst().stream()
                .findFirst()
                .filter(generation::equals)
                .isPresent()) {
            throw new GenerationRefusedException(
                    "generation " + generation + " answers: promote another, or roll back, before it is retired");
        }
        if (liveGeneration().filter(generation::equals).isPresent()) {
            throw new GenerationRefusedException("generation " + generation
                    + " is that of the learner that makes the mini-batches: without it no other learner gets any");
        }
        say(generation, Kind.RETIRED, "millrace model retire");
        return remove(generation, topics.itemEmbeddings()) + remove(generation, topics.modelUpdates());
    }

    /**
     * Gives a generation, if it was published, to another application: only that one may publish it from now on.
     *
     * @return the application that had it; absent if it was not published, or had it already
     */
    public Optional<String> handOver(String generation, String application) {
        Optional<GenerationFact> started = history().fact(generation, Kind.STARTED);
        started.ifPresent(fact -> say(new GenerationFact(
                generation, Kind.STARTED, fact.at(), fact.step(), fact.items(), application, fact.settings())));
        return started.map(GenerationFact::by).filter(owner -> !owner.equals(application));
    }

    private void say(String generation, Kind kind, String by) {
        say(new GenerationFact(generation, kind, clock.millis(), 0, 0, by));
    }

    private void say(GenerationFact fact) {
        try (KafkaProducer<byte[], byte[]> producer = producer()) {
            byte[] value = new GenerationRecords(wire).encode(topics.generations(), fact);
            requireTaken(producer.send(new ProducerRecord<>(topics.generations(), GenerationRecords.key(fact), value)));
        }
    }

    /** That of the learner that makes the log. */
    private Optional<String> liveGeneration() {
        return Optional.ofNullable(new ProgressLog(clients, topics, wire, patience)
                        .latest()
                        .get(MillraceTopology.LEARNER_PART))
                .flatMap(PartProgress::training)
                .map(TrainingProgress::generation);
    }

    private static void requireKnown(GenerationHistory history, String generation) {
        if (!history.generations().contains(generation)) {
            throw new GenerationRefusedException("there is no generation " + generation + "; known: "
                    + (history.generations().isEmpty() ? "none" : String.join(", ", history.generations())));
        }
    }

    /** Writes a tombstone for each of its keys that has a value, into the partition that has it. */
    private long remove(String generation, String topic) {
        byte[] prefix = Utf8.bytes(generation + '\0');
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (TopicReader reader = new TopicReader(clients, patience);
                KafkaProducer<byte[], byte[]> producer = producer()) {
            for (TopicReader.Extent extent : reader.extents(topic)) {
                Map<Key, Boolean> living = new HashMap<>();
                reader.read(extent, extent.first(), record -> {
                    if (startsWith(record.key(), prefix)) {
                        living.put(new Key(record.key()), record.value().isPresent());
                    }
                    return true;
                });
                for (Map.Entry<Key, Boolean> each : living.entrySet()) {
                    if (each.getValue()) {
                        sent.add(producer.send(tombstone(
                                topic, extent.partition(), each.getKey().bytes())));
                    }
                }
            }
            producer.flush();
            sent.forEach(this::requireTaken);
        }
        return sent.size();
    }

    private void requireTaken(Future<RecordMetadata> sent) {
        try {
            sent.get();
        } catch (ExecutionException failed) {
            throw new BrokerUnreachableException("a record was not taken: " + failed.getMessage(), failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", interrupted);
        }
    }

    @SuppressWarnings("NullAway") // a null value is what a tombstone is
    private static ProducerRecord<byte[], byte[]> tombstone(String topic, int partition, byte[] key) {
        return new ProducerRecord<>(topic, partition, key, null);
    }

    private static boolean startsWith(byte[] key, byte[] prefix) {
        return key.length >= prefix.length && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
    }

    private KafkaProducer<byte[], byte[]> producer() {
        Map<String, Object> config = new HashMap<>(clients.asMap());
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Bytes that are equal if what they hold is. */
    private record Key(byte[] bytes) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && Arrays.equals(bytes, key.bytes);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }
    }
}
