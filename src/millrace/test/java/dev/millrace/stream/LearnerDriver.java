package dev.millrace.stream;

import static dev.millrace.stream.Streams.T0;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.TrainerSettings;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.TrainingRecords;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/** A learner's topology, driven record by record. */
final class LearnerDriver implements AutoCloseable {

    static final Duration MAX_WAIT = Duration.ofMillis(500);
    static final int BATCH = 16; // batch.size of the tests' settings

    private final TopicNames topics = Streams.topics();
    private final AvroWire wire = Streams.wire();
    private final TopologyTestDriver driver;

    LearnerDriver(Topology topology, Path state) {
        driver = new TopologyTestDriver(topology, Streams.driver(state));
    }

    /** Of the learner that makes the log. */
    static LearnerDriver learning(Path state) {
        return learning(Streams.trainer(), Streams.terms(), state);
    }

    static LearnerDriver learning(TrainerSettings trainer, GenerationTerms terms, Path state) {
        return new LearnerDriver(
                MillraceTopology.learn(Streams.topics(), trainer, MAX_WAIT, Streams.wire(), terms), state);
    }

    static LearnerDriver fromLog(boolean isPublishing, GenerationTerms terms, Path state) {
        return new LearnerDriver(
                MillraceTopology.learnFromLog(Streams.topics(), Streams.trainer(), isPublishing, Streams.wire(), terms),
                state);
    }

    /** The values of the mini-batches that came since the last call. */
    List<byte[]> log() {
        return read(topics.miniBatches()).stream().map(TestRecord::value).toList();
    }

    @Override
    public void close() {
        driver.close();
    }

    void advanceWallClockTime(Duration time) {
        driver.advanceWallClockTime(time);
    }

    /** By the first half-life. */
    static double popularity(List<ItemEmbedding> embeddings, String item) {
        return embeddings.stream()
                .filter(embedding -> embedding.item().equals(item))
                .mapToDouble(embedding -> embedding.popularity().numbers().get(0))
                .reduce((earlier, later) -> later)
                .orElseThrow();
    }

    Optional<String> withheld() {
        send(new CatalogueChange.Upsert(Streams.item("i0")));
        return lastProgress().training().orElseThrow().withheld();
    }

    static TrainingExample example(int number) {
        UserFeatures user = new UserFeatures("u" + number % 7, T0 + number, Features.NONE, List.of("i" + number % 2));
        return new TrainingExample(
                "c" + number, user, Features.NONE, "i" + number % 3, "click", 1, T0 + number, T0 + number);
    }

    /** A full batch of the same users and items each time. */
    void sendBatch(int number, boolean isPoisoned) {
        for (int at = 0; at < BATCH; at++) {
            boolean isPoison = isPoisoned && at == 0;
            TrainingExample example = isPoison ? poison(at) : example(at);
            Features age = Features.of(Map.of("age", new FeatureValue.Quantity(30 + at)));
            send(new TrainingExample(
                    example.id() + "-" + number,
                    new UserFeatures(
                            example.user().user(),
                            example.user().time(),
                            age,
                            example.user().history()),
                    example.context(),
                    example.item(),
                    example.action(),
                    example.weight(),
                    example.time(),
                    0));
        }
    }

    /** An example whose gradient's square is beyond the floats. */
    static TrainingExample poison(int number) {
        TrainingExample example = example(number);
        return new TrainingExample(
                example.id(), example.user(), Features.NONE, example.item(), "click", 1e38, example.time(), 0);
    }

    static List<String> keys(List<TestRecord<byte[], byte[]>> records) {
        return records.stream().map(record -> Utf8.text(record.key())).toList();
    }

    static Map<String, String> headers(TestRecord<byte[], byte[]> record) {
        Map<String, String> headers = new TreeMap<>();
        record.headers().forEach(header -> headers.put(header.key(), Utf8.text(header.value())));
        return headers;
    }

    void send(TrainingExample example) {
        String topic = topics.trainingExamples();
        send(topic, new TrainingRecords(wire).encode(topic, example));
    }

    void send(CatalogueChange change) {
        String topic = topics.trainingExamples();
        send(topic, new TrainingRecords(wire).encode(topic, change));
    }

    void send(String topic, byte[] value) {
        Streams.send(driver, topic, Utf8.bytes("key"), value, T0);
    }

    List<TestRecord<byte[], byte[]>> read(String topic) {
        return Streams.read(driver, topic);
    }

    List<ItemEmbedding> embeddings() {
        return items().stream().map(this::embedding).toList();
    }

    /** What is on the topic of embeddings but for marks. */
    List<TestRecord<byte[], byte[]>> items() {
        return read(topics.itemEmbeddings()).stream()
                .filter(record -> record.key()[record.key().length - 1] != 0)
                .toList();
    }

    static String generation() {
        return Streams.trainer().model().generationName();
    }

    Map<String, float[]> lastVectors() {
        Map<String, float[]> vectors = new TreeMap<>();
        embeddings()
                .forEach(embedding ->
                        vectors.put(embedding.item(), embedding.vector().orElseThrow()));
        return vectors;
    }

    PartProgress lastProgress() {
        List<TestRecord<byte[], byte[]>> records = read(topics.trainingProgress());
        return wire.decode(Topic.TRAINING_PROGRESS, plain(records.get(records.size() - 1)))
                .orElseThrow();
    }

    ItemEmbedding embedding(TestRecord<byte[], byte[]> record) {
        return wire.decode(Topic.ITEM_EMBEDDINGS, plain(record)).orElseThrow();
    }

    static TopicRecord plain(TestRecord<byte[], byte[]> record) {
        return new TopicRecord("", record.key(), Optional.ofNullable(record.value()), 0, 0, 0, Map.of());
    }
}
