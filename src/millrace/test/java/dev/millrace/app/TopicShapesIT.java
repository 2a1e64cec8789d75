package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.LargestRecords;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.Topics;
import dev.millrace.topic.fault.UnusableTopicException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Topics and changelogs as docs/topics.md describes them: how they are made, and that a trainer does not start on ones that take less. */
@Tag("slow")
class TopicShapesIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String MAX_MESSAGE_BYTES = "max.message.bytes";

    private final Path directory;

    TopicShapesIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void changelogsTakeTheLargestRecord() throws Exception {
        // two replicas by default are more than there are brokers: what does not follow topic.replicas cannot be made
        try (EmbeddedBroker broker = EmbeddedBroker.start(
                        directory.resolve("broker"), 0, Optional.empty(), Map.of("default.replication.factor", "2"));
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            MillraceSettings settings = settings(broker);
            Topics topics = new Topics(settings.clients(), settings.topics(), PATIENCE);
            topics.create();
            Map<String, Long> changelogs = changelogs(settings);
            try (TrainProcess trainer = start(settings)) {
                await().atMost(PATIENCE).until(() -> trainer.applications().isReady());
            }

            assertThat(admin.listTopics().names().get()).containsAll(changelogs.keySet());
            configs(admin, changelogs).forEach((changelog, config) -> {
                assertThat(config.get("cleanup.policy").value()).as(changelog).isEqualTo("compact");
                assertThat(config.get("segment.bytes").value()).as(changelog).isEqualTo("67108864");
                assertThat(config.get("min.cleanable.dirty.ratio").value())
                        .as(changelog)
                        .isEqualTo("0.3");
                assertThat(config.get(MAX_MESSAGE_BYTES).value()).as(changelog).isEqualTo("8388608");
            });

            eachThatTakesLessIsNamed(admin, settings, written(settings));
            eachThatTakesLessIsNamed(admin, settings, changelogs);
        }
    }

    private static void eachThatTakesLessIsNamed(Admin admin, MillraceSettings settings, Map<String, Long> largest)
            throws Exception {
        Map<String, Long> tooSmall = new TreeMap<>();
        largest.forEach((topic, bytes) -> tooSmall.put(topic, bytes - 1));
        take(admin, tooSmall);

        UnusableTopicException refused = catchThrowableOfType(
                UnusableTopicException.class, () -> start(settings).close());

        assertThat(refused).isNotNull();
        assertThat(refused.faults()).hasSameSizeAs(largest.keySet());
        largest.forEach((topic, bytes) -> assertThat(refused.faults()).anySatisfy(fault -> assertThat(fault)
                .startsWith("topic " + topic + " has max.message.bytes " + (bytes - 1) + ": ")
                .contains(" " + bytes + " bytes ")
                .endsWith("--entity-name " + topic + " --add-config max.message.bytes=8388608")));

        take(admin, largest);
        start(settings).close();
    }

    /** The topics that Millrace writes, with the largest record of each. */
    private static Map<String, Long> written(MillraceSettings settings) {
        TopicNames names = settings.topics().names();
        LargestRecords largest = settings.topics().largest();
        return Map.of(
                names.trainingExamples(), largest.example(),
                names.attributionCommits(), (long) LargestRecords.ATTRIBUTION_COMMIT_BYTES,
                names.miniBatches(), largest.miniBatch(),
                names.itemEmbeddings(), largest.embedding(),
                names.modelUpdates(), largest.learnerEntry(),
                names.generations(), largest.small(),
                names.userFeatures(), largest.userFeatures(),
                names.trainingProgress(), largest.small(),
                names.deadLetters(), (long) LargestRecords.DEAD_LETTER_BYTES);
    }

    private static Map<String, Long> changelogs(MillraceSettings settings) {
        Map<String, Long> changelogs = new HashMap<>();
        for (Part part : List.of(Part.ATTRIBUTE, Part.LEARN)) {
            changelogs.putAll(MillraceTopology.largestEntries(
                    settings.stream().applicationId(part),
                    part,
                    settings.topics().largest()));
        }
        return changelogs;
    }

    private static Map<String, Config> configs(Admin admin, Map<String, Long> topics) throws Exception {
        Map<String, Config> configs = new TreeMap<>();
        admin.describeConfigs(
                        topics.keySet().stream().map(TopicShapesIT::resource).toList())
                .all()
                .get()
                .forEach((resource, config) -> configs.put(resource.name(), config));
        return configs;
    }

    private static void take(Admin admin, Map<String, Long> bytes) throws Exception {
        Map<ConfigResource, Collection<AlterConfigOp>> changes = new HashMap<>();
        bytes.forEach((topic, most) -> changes.put(
                resource(topic),
                List.of(new AlterConfigOp(
                        new ConfigEntry(MAX_MESSAGE_BYTES, Long.toString(most)), AlterConfigOp.OpType.SET))));
        admin.incrementalAlterConfigs(changes).all().get();
        // the broker hears of it later
        await().atMost(PATIENCE).until(() -> configs(admin, bytes).entrySet().stream()
                .allMatch(of ->
                        of.getValue().get(MAX_MESSAGE_BYTES).value().equals(String.valueOf(bytes.get(of.getKey())))));
    }

    private static ConfigResource resource(String topic) {
        return new ConfigResource(ConfigResource.Type.TOPIC, topic);
    }

    private static TrainProcess start(MillraceSettings settings) {
        return TrainProcess.start(settings, TrainProcess.From.EVENTS, TestCluster.metrics());
    }

    private MillraceSettings settings(EmbeddedBroker broker) {
        return TestCluster.load(Map.of(
                "kafka.bootstrap.servers",
                broker.bootstrapServers(),
                "stream.state-directory",
                directory.resolve("state").toString(),
                "topic.replicas",
                "1",
                "train.http.port",
                "-1"));
    }
}
