package dev.millrace.stream;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.EventLimits;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.TrainerSettings;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.WireSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;

/** Settings and events for the tests of the streaming side. */
public final class Streams {

    /** 2026-01-01, where the tests' event time begins. */
    public static final long T0 = 1_767_225_600_000L;

    private Streams() {}

    public static SettingsReader reader(String... keysAndValues) {
        return new SettingsReader(given(keysAndValues));
    }

    private static Map<String, String> given(String... keysAndValues) {
        Map<String, String> given = new HashMap<>(Map.of(
                "batch.size", "16",
                "batch.max-size", "0", // however late they come
                "batch.negatives", "8",
                "tower.dim", "8",
                "attribution.window", "60s",
                "publish.max-age.steps", "5",
                "digest.steps", "1000000"));
        for (int at = 0; at < keysAndValues.length; at += 2) {
            given.put(keysAndValues[at], keysAndValues[at + 1]);
        }
        return given;
    }

    public static TopicNames topics() {
        return TopicNames.read(new SettingsReader(Map.of()));
    }

    public static AttributionSettings attribution() {
        return AttributionSettings.read(reader());
    }

    /** Those of {@link #attribution} that are kept with its state. */
    public static KeptSettings attributionKept() {
        return AttributionSettings.kept(given());
    }

    /** The attribution of inputs with so many partitions, which knows of no experiment. */
    public static Topology attribute(TopicNames topics, AvroWire wire, int partitions) {
        return MillraceTopology.attribute(
                topics, attribution(), attributionKept(), wire, topic -> partitions, ExperimentReference.Lookup.NONE);
    }

    public static TrainerSettings trainer() {
        return TrainerSettings.read(reader());
    }

    public static GenerationTerms terms() {
        SettingsReader reader = reader();
        TrainerSettings.read(reader);
        return new GenerationTerms("test", reader.effective(), true, Duration.ofSeconds(30), () -> 0);
    }

    /** Those of the default settings. */
    /** Half of the users see the treatment. */
    public static Experiment trial() {
        return Experiment.started(
                "trial",
                "g1",
                "g2",
                "salt",
                new Experiment.Plan("click", 0.02, 0.05, List.of(50.0), Duration.ofHours(1), Duration.ofMinutes(10)),
                1);
    }

    public static EventLimits limits() {
        return EventLimits.read(new SettingsReader(Map.of()));
    }

    public static AvroWire wire() {
        return new AvroWire(
                new WireSettings(WireSettings.Format.SINGLE_OBJECT, Optional.empty(), "", Optional.empty(), limits()));
    }

    public static Properties driver(Path stateDirectory) {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:9092");
        config.put(StreamsConfig.STATE_DIR_CONFIG, stateDirectory.toString());
        return config;
    }

    static void send(
            TopologyTestDriver driver, String topic, byte @Nullable [] key, byte @Nullable [] value, long time) {
        driver.createInputTopic(topic, new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(key, value, time);
    }

    /** What came to a topic since the last call. */
    static List<TestRecord<byte[], byte[]>> read(TopologyTestDriver driver, String topic) {
        return driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
                .readRecordsToList();
    }

    public static Exposure exposure(String id, String user, String item, long time) {
        return new Exposure(
                id, user, item, time, time + 5, Features.of(Map.of("position", new FeatureValue.Quantity(3))));
    }

    public static Click click(String id, String user, String item, long time) {
        return new Click(id, user, item, Optional.empty(), "click", 1, time, time + 7, Features.NONE);
    }

    public static CatalogueItem item(String id) {
        return new CatalogueItem(id, T0, Features.of(Map.of("category", new FeatureValue.Category("c1"))));
    }
}
