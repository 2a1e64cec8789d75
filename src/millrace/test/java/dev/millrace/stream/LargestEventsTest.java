package dev.millrace.stream;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.BatchSettings;
import dev.millrace.batch.BatchSize;
import dev.millrace.batch.Batcher;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.EventLimits;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.feature.FeatureFields;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Form;
import dev.millrace.state.Utf8;
import dev.millrace.topic.LargestRecords;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.TrainerSettings;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.Topic;
import dev.millrace.wire.WireSettings;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The largest events that the limits allow make no record larger than its topic takes. */
@Tag("slow")
class LargestEventsTest {

    private static final int HISTORY = 50;
    private static final String[] SETTINGS = {
        "history.length", Integer.toString(HISTORY), "negatives.exposed", "1", "negatives.exposed.sample", "1",
        "features.user", "user,history,f1", "features.item", "item,f1", "publish.attributes", "f1,f2,f3,f4",
        "negatives.memory", "8", "negatives.popularity", "8", "batch.max-changes", "20",
        "limits.profile-bytes", "131072", "attribution.negative-actions", "hide"
    };

    private final EventLimits limits = EventLimits.read(Streams.reader(SETTINGS));
    private final TopicNames topics = Streams.topics();
    private final AvroWire wire = new AvroWire(
            new WireSettings(WireSettings.Format.SINGLE_OBJECT, Optional.empty(), "", Optional.empty(), limits));
    private final EventRecords events = new EventRecords(wire);
    private final LargestRecords largest = LargestRecords.read(Streams.reader(SETTINGS));
    private final Map<String, Long> found = new TreeMap<>();
    private final Path directory;

    LargestEventsTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void theLargestRecordsFitTheirTopics() {
        List<byte[]> examples = attribute();
        learn(examples);

        assertThat(found.get(topics.trainingExamples())).isBetween(largest.example() * 9 / 10, largest.example());
        assertThat(found.get(topics.userFeatures())).isBetween(limits.featuresBytes() + 0L, largest.userFeatures());
        assertThat(found.get("test-attribution-changelog"))
                .isBetween(limits.featuresBytes() + 4L * EventLimits.MAX_ID_BYTES, largest.attributionEntry());
        assertThat(found.get("test-learner-changelog"))
                .isBetween(largest.learnerEntry() * 9 / 10, largest.learnerEntry());
        // a batch is full by its estimate of 400,000 bytes, long before LARGEST
        assertThat(found.get(topics.miniBatches())).isBetween(400_000L, largest.miniBatch());
        assertThat(found.get(topics.itemEmbeddings())).isBetween(limits.featuresBytes() / 4L, largest.embedding());
        assertThat(found.get(topics.modelUpdates())).isLessThanOrEqualTo(largest.learnerEntry());
        assertThat(found.get(topics.trainingProgress())).isLessThanOrEqualTo(largest.small());
        assertThat(found).doesNotContainKey(topics.deadLetters());
    }

    @Test
    void batchesCloseBeforeTheirTopicRefusesThem() {
        SettingsReader settings = Streams.reader("batch.size", "4096", "batch.max-bytes", "4000000");
        BatchSettings batch = BatchSettings.read(settings);
        long most = LargestRecords.read(settings).miniBatch();
        for (boolean areHistories : new boolean[] {true, false}) {
            Batcher batcher = new Batcher(batch, new Catalogue('C'), 'O', 'P');
            for (int at = 0; !batcher.isFull(false); at++) {
                int example = at;
                List<String> history = areHistories
                        ? IntStream.range(0, 200)
                                .mapToObj(visit -> id("h" + example, visit))
                                .toList()
                        : List.of();
                Map<String, FeatureValue> context = new TreeMap<>();
                IntStream.range(0, areHistories ? 0 : 400)
                        .forEach(name -> context.put(example + "-" + name, new FeatureValue.Quantity(1)));
                UserFeatures user = new UserFeatures(id("u", at), T0, Features.NONE, history);
                batcher.add(
                        new TrainingExample(id("c", at), user, Features.of(context), id("i", at), "click", 1, T0, T0));
            }

            assertThat(wire.encode(Topic.MINI_BATCHES, "mini-batches", batcher.close())
                            .orElseThrow()
                            .length)
                    .isBetween(BatchSize.LARGEST / 2, (int) most);
        }
    }

    @Test
    void whatLeftAnOpenBatchNoLongerFillsIt() {
        BatchSettings batch = BatchSettings.read(Streams.reader("batch.max-bytes", "100000"));
        Batcher batcher = new Batcher(batch, new Catalogue('C'), 'O', 'P');
        batcher.add(new TrainingExample(
                "c", new UserFeatures("u", T0, features("p"), List.of()), features("c"), "i", "click", 1, T0, T0));
        assertThat(batcher.isFull(false)).isTrue();

        batcher.removeUser("u");

        assertThat(batcher.isFull(false)).isFalse();
    }

    /** Sends the largest profile, context and history. Returns the training examples. */
    private List<byte[]> attribute() {
        try (TopologyTestDriver driver = new TopologyTestDriver(
                MillraceTopology.attribute(
                        topics,
                        AttributionSettings.read(Streams.reader(SETTINGS)),
                        Streams.attributionKept(),
                        wire,
                        topic -> 1,
                        ExperimentReference.Lookup.NONE),
                Streams.driver(directory.resolve("attribute")))) {
            String user = id("u", 0);
            send(driver, topics.users(), user, events.encode("users", new UserProfile(user, T0, features("p"))));
            for (int at = 0; at < 300; at++) { // more than their bytes leave room for
                Click hide =
                        new Click(id("x", at), user, id("h", at), Optional.empty(), "hide", 1, T0, T0, Features.NONE);
                send(driver, topics.clicks(), user, events.encode("clicks", hide));
            }
            for (int at = 0; at < 2 * HISTORY; at++) {
                String item = id("i", at);
                long time = T0 + 100L * at;
                send(driver, topics.items(), item, events.encode("items", new CatalogueItem(item, T0, features("f"))));
                send(
                        driver,
                        topics.exposures(),
                        user,
                        events.encode("exposures", new Exposure(id("e", at), user, item, time, time, features("c"))));
                if (at % 4 != 3) {
                    send(driver, topics.clicks(), user, events.encode("clicks", click(at, at, user, time + 1)));
                }
            }
            // an exposure that waits for nothing, and a click that waits for its exposure
            long later = T0 + 3_600_000;
            send(driver, topics.exposures(), user, events.encode("exposures", exposure("late", user, later)));
            send(driver, topics.clicks(), user, events.encode("clicks", click(999, 0, user, later)));
            List.of(
                            topics.userFeatures(),
                            topics.trainingProgress(),
                            topics.deadLetters(),
                            "test-attribution-changelog")
                    .forEach(topic -> measure(driver, topic));
            return measure(driver, topics.trainingExamples());
        }
    }

    private Exposure exposure(String id, String user, long time) {
        return new Exposure(id, user, id("i", 0), time, time, features("c"));
    }

    private Click click(int number, int item, String user, long time) {
        Optional<String> exposure = Optional.of(id("e", number));
        return new Click(id("k", number), user, id("i", item), exposure, "click", 1, time, time, features("c"));
    }

    private void learn(List<byte[]> examples) {
        try (TopologyTestDriver driver = new TopologyTestDriver(
                MillraceTopology.learn(
                        topics,
                        TrainerSettings.read(Streams.reader(SETTINGS)),
                        LearnerDriver.MAX_WAIT,
                        wire,
                        Streams.terms()),
                Streams.driver(directory.resolve("learn")))) {
            examples.forEach(example -> send(driver, topics.trainingExamples(), "key", example));
            driver.advanceWallClockTime(LearnerDriver.MAX_WAIT);
            for (String topic : List.of(
                    topics.miniBatches(),
                    topics.itemEmbeddings(),
                    topics.modelUpdates(),
                    topics.trainingProgress(),
                    topics.deadLetters(),
                    "test-learner-changelog")) {
                measure(driver, topic);
            }
        }
    }

    private List<byte[]> measure(TopologyTestDriver driver, String topic) {
        List<TestRecord<byte[], byte[]>> records = Streams.read(driver, topic);
        for (TestRecord<byte[], byte[]> record : records) {
            long bytes = (long) record.key().length + (record.value() == null ? 0 : record.value().length);
            found.merge(topic, bytes, Math::max);
        }
        return records.stream().map(TestRecord::value).toList();
    }

    private static void send(TopologyTestDriver driver, String topic, String key, byte[] value) {
        Streams.send(driver, topic, Utf8.bytes(key), value, T0);
    }

    /** An id of as many bytes as an id may have. */
    private static String id(String kind, int number) {
        String id = kind + number + '-';
        return id
                + "é".repeat((EventLimits.MAX_ID_BYTES - id.length()) / 2)
                + "x".repeat((EventLimits.MAX_ID_BYTES - id.length()) % 2);
    }

    /** Features of as many bytes as they may have, in three large values, and small ones. */
    private Features features(String kind) {
        Map<String, FeatureValue> values = new TreeMap<>();
        int some = limits.featuresBytes() / 4 - 200;
        values.put(kind + 1, new FeatureValue.Category("x".repeat(some)));
        values.put(kind + 2, new FeatureValue.Bag(Collections.nCopies(some / 14, "0123456789")));
        values.put(kind + 3, new FeatureValue.Dense(Collections.nCopies(some / 4, 1f)));
        values.put(kind + 4, new FeatureValue.Quantity(1));
        long left = limits.featuresBytes()
                - stored(values)
                - 14
                - 4; // 12 and the name; a number counts 4 more than it takes
        values.put(kind + 5, new FeatureValue.Category("y".repeat((int) left)));
        return Features.of(values);
    }

    private static long stored(Map<String, FeatureValue> values) {
        byte[] stored = Form.written(form -> FeatureFields.features(form, Features.of(values)));
        return (long) stored.length - Form.written(form -> {}).length;
    }
}
