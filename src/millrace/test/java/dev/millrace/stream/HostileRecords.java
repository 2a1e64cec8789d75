package dev.millrace.stream;

import static dev.millrace.stream.Streams.T0;

import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.Rejection;
import dev.millrace.event.UserProfile;
import dev.millrace.generation.GenerationFact;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.DeadLetterHeaders;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.HostileBytes;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TrainingRecords;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/**
 * A program that reads hostile records of every topic, and ends well if each of them is either a value or refused with a reason.
 *
 * <p>Records of the input topics go through the application that reads them, and come out as dead letters. Those of the other topics are read
 * as their readers do.
 */
public final class HostileRecords {

    private static final int LISTED_SAMPLES = 30;

    private final TopicNames topics = Streams.topics();
    private final AvroWire wire;
    private final Path directory;
    private final Map<String, List<byte[]>> samples = new LinkedHashMap<>();
    private final SortedMap<String, Long> counts = new TreeMap<>();

    private HostileRecords(Path directory) throws IOException {
        this.directory = directory;
        wire = HostileBytes.wireOfForeignSchemas(directory);
    }

    /**
     * Runs.
     *
     * @param arguments a directory to use, the seed, the number of records
     */
    public static void main(String[] arguments) throws IOException {
        long seed = Long.parseLong(arguments[1]);
        int count = Integer.parseInt(arguments[2]);
        System.out.println("seed " + seed + ", " + count + " records, heap of "
                + (Runtime.getRuntime().maxMemory() >> 20) + " MiB");
        HostileRecords records = new HostileRecords(Path.of(arguments[0]));
        records.collectSamples();
        records.run(seed, count);
        records.counts.forEach((what, number) -> System.out.println(what + ": " + number));
        System.out.println("all " + count + " read or refused");
    }

    /** Good values by topic. */
    public static Map<String, List<byte[]>> samples(Path directory) throws IOException {
        HostileRecords records = new HostileRecords(directory);
        records.collectSamples();
        return records.samples;
    }

    private void run(long seed, int count) {
        List<String> names = List.copyOf(samples.keySet());
        Map<String, Consumer<byte[]>> readers = readers();
        HostileBytes hostile = new HostileBytes(new Random(seed), samples);
        int sent = 0;
        try (TopologyTestDriver driver =
                new TopologyTestDriver(Streams.attribute(topics, wire, 1), Streams.driver(directory.resolve("run")))) {
            for (int at = 0; at < count; at++) {
                String topic = names.get(at % names.size());
                byte[] value = hostile.next(topic);
                try {
                    Consumer<byte[]> reader = readers.get(topic);
                    if (reader == null) {
                        send(driver, topic, value);
                        sent++;
                    } else {
                        read(reader, topic, value);
                    }
                    new PlainValues(wire).decode(value); // as the audits do
                } catch (Throwable unexpected) {
                    throw new IllegalStateException("record " + at + ", of " + topic + ", seed " + seed, unexpected);
                }
                if (sent % 1000 == 0) {
                    deadLetters(driver);
                }
            }
            deadLetters(driver);
        }
    }

    private void read(Consumer<byte[]> reader, String topic, byte[] value) {
        try {
            reader.accept(value);
            count(topic, "read");
        } catch (RuntimeException refused) {
            if (!(refused instanceof Rejection rejection)
                    || rejection.rejected().message().isBlank()) {
                throw refused;
            }
            count(topic, rejection.rejected().reason().label());
        }
    }

    private void deadLetters(TopologyTestDriver driver) {
        for (TestRecord<byte[], byte[]> letter : Streams.read(driver, topics.deadLetters())) {
            Map<String, String> headers = LearnerDriver.headers(letter);
            if (headers.getOrDefault(DeadLetterHeaders.MESSAGE, "").isBlank()) {
                throw new IllegalStateException("a dead letter that does not say why: " + headers);
            }
            count(
                    headers.getOrDefault(DeadLetterHeaders.TOPIC, ""),
                    headers.getOrDefault(DeadLetterHeaders.REASON, ""));
        }
        for (String topic : List.of(topics.trainingExamples(), topics.userFeatures(), topics.trainingProgress())) {
            Streams.read(driver, topic);
        }
    }

    private void count(String topic, String what) {
        counts.merge(topic + " " + what, 1L, Long::sum);
    }

    private static void send(TopologyTestDriver driver, String topic, byte[] value) {
        String key = topic.equals("items") ? "i1" : "u1";
        Streams.send(driver, topic, Utf8.bytes(key), value, T0);
    }

    private Map<String, Consumer<byte[]>> readers() {
        Map<String, Consumer<byte[]>> readers = new LinkedHashMap<>();
        readers.put(topics.trainingExamples(), value -> new TrainingRecords(wire)
                .decode(value, example -> {}, change -> {}, user -> {}));
        readers.put(topics.miniBatches(), value -> wire.decode(Topic.MINI_BATCHES, new byte[0], value));
        readers.put(
                topics.itemEmbeddings(), value -> wire.decode(Topic.ITEM_EMBEDDINGS, Topic.itemKey("g", "i1"), value));
        readers.put(topics.modelUpdates(), value -> wire.decode(Topic.MODEL_UPDATES, Topic.itemKey("g", "u"), value));
        readers.put(topics.generations(), value -> wire.decode(Topic.GENERATIONS, new byte[0], value));
        readers.put(topics.userFeatures(), value -> wire.decode(Topic.USER_FEATURES, new byte[0], value));
        readers.put(topics.trainingProgress(), value -> wire.decode(Topic.TRAINING_PROGRESS, new byte[0], value));
        return readers;
    }

    /** A few good values of each topic: events, and what the two applications make of them. */
    private void collectSamples() {
        EventRecords events = new EventRecords(wire);
        Features features = Features.of(Map.of(
                "category", new FeatureValue.Category("c1"),
                "age", new FeatureValue.Quantity(3),
                "tags", new FeatureValue.Bag(List.of("a", "b")),
                "picture", new FeatureValue.Dense(List.of(1f, 2f, 3f))));
        try (TopologyTestDriver driver = new TopologyTestDriver(
                Streams.attribute(topics, wire, 1), Streams.driver(directory.resolve("attribute")))) {
            sample(driver, topics.items(), events.encode("items", new CatalogueItem("i1", T0, features)));
            sample(driver, topics.users(), events.encode("users", new UserProfile("u1", T0, features)));
            for (int at = 0; at < 3 * LearnerDriver.BATCH; at++) {
                long time = T0 + 1000L * at;
                sample(
                        driver,
                        topics.exposures(),
                        events.encode("exposures", Streams.exposure("e" + at, "u1", "i1", time)));
                sample(driver, topics.clicks(), events.encode("clicks", Streams.click("c" + at, "u1", "i1", time + 1)));
            }
            for (String topic : List.of(topics.trainingExamples(), topics.userFeatures(), topics.trainingProgress())) {
                Streams.read(driver, topic).forEach(record -> sample(topic, record.value()));
            }
        }
        try (LearnerDriver driver = LearnerDriver.learning(directory.resolve("learn"))) {
            driver.send(new CatalogueChange.Upsert(new CatalogueItem("i1", T0, features)));
            for (int at = 0; at < 3 * LearnerDriver.BATCH; at++) {
                driver.send(LearnerDriver.example(at));
            }
            for (String topic : List.of(
                    topics.miniBatches(), topics.itemEmbeddings(), topics.modelUpdates(), topics.trainingProgress())) {
                driver.read(topic).forEach(record -> sample(topic, record.value()));
            }
        }
        for (GenerationFact.Kind kind : GenerationFact.Kind.values()) {
            sample(
                    topics.generations(),
                    wire.encode(
                                    Topic.GENERATIONS,
                                    "generations",
                                    new GenerationFact("g", kind, T0, 1, 1, "me", new TreeMap<>(Map.of("a", "b"))))
                            .orElseThrow());
        }
    }

    private void sample(TopologyTestDriver driver, String topic, byte[] value) {
        sample(topic, value);
        send(driver, topic, value);
    }

    private void sample(String topic, byte[] value) {
        List<byte[]> of = samples.computeIfAbsent(topic, first -> new ArrayList<>());
        if (of.size() < LISTED_SAMPLES) {
            of.add(value);
        }
    }
}
