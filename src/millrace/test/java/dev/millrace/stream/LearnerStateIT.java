package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.MemoryEntries;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.TopicReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of a changelog is read while a learner writes to it. */
@Tag("slow")
class LearnerStateIT {

    private static final String CHANGELOG = "millrace-learn-learner-changelog";

    private final EmbeddedBroker broker;
    private final LearnerState state;
    private final MemoryEntries entries = new MemoryEntries();
    private final KafkaProducer<byte[], byte[]> learner;

    LearnerStateIT(@TempDir Path directory) {
        this.broker = EmbeddedBroker.start(directory.resolve("broker"));
        this.state = new LearnerState(
                ClientSettings.of(broker.bootstrapServers()), StreamSettings.read(Streams.reader()), Part.LEARN);
        this.learner = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id", "a learner"),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    @BeforeEach
    void commitOnce() throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.createTopics(
                            List.of(new NewTopic(CHANGELOG, 1, (short) 1).configs(Map.of("cleanup.policy", "compact"))))
                    .all()
                    .get();
        }
        learner.initTransactions();
        learner.beginTransaction();
        put("a", "1");
        put("b", "1");
        put("\0training-examples-0", "9");
        commit();
    }

    /** Commits, and waits for the marker, which comes after the answer. */
    private void commit() {
        learner.commitTransaction();
        try (TopicReader reader =
                new TopicReader(ClientSettings.of(broker.bootstrapServers()), Duration.ofMinutes(1))) {
            reader.readAll(CHANGELOG, record -> {});
        }
    }

    @AfterEach
    void close() {
        learner.close();
        broker.close();
    }

    @Test
    void whatTheLearnerIsWritingIsNotWaitedForAndNotRead() throws ExecutionException, InterruptedException {
        learner.beginTransaction();
        put("a", "2"); // and b not yet

        assertThat(state.read(entries, () -> true)).isTrue();

        assertThat(texts()).isEqualTo(Map.of("a", "1", "b", "1"));
        learner.abortTransaction();
    }

    @Test
    void whatIsNotWholeIsReadOnToTheNextCommit() {
        List<Map<String, String>> read = new ArrayList<>();

        boolean isRead = state.read(entries, () -> {
            read.add(texts());
            if (read.size() == 1) { // as if compaction had taken what the next commit supersedes
                commitAnother();
            }
            return read.size() == 2;
        });

        assertThat(read).containsExactly(Map.of("a", "1", "b", "1"), Map.of("a", "2"));
        assertThat(isRead).isTrue();
        assertThat(texts()).isEqualTo(Map.of("a", "2"));
    }

    @Test
    void whatIsNeverWholeIsNotGiven() {
        assertThat(state.read(entries, () -> false)).isFalse();
    }

    @Test
    void noLearnerBeginsInAGroupThatHasAMember() throws Exception {
        LearnerState begun = new LearnerState(
                ClientSettings.of(broker.bootstrapServers()),
                StreamSettings.read(Streams.reader("stream.application-id", "other")),
                Part.LEARN);
        entries.put("a".getBytes(StandardCharsets.UTF_8), "1".getBytes(StandardCharsets.UTF_8));
        Map<String, Object> config = Map.of(
                "bootstrap.servers", broker.bootstrapServers(), "group.id", "other-learn", "enable.auto.commit", false);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
                KafkaConsumer<byte[], byte[]> member =
                        new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            admin.createTopics(List.of(new NewTopic("training-examples", 1, (short) 1)))
                    .all()
                    .get();
            member.subscribe(List.of("training-examples"));
            await().atMost(Duration.ofMinutes(2)).until(() -> {
                member.poll(Duration.ofMillis(100));
                return !member.assignment().isEmpty();
            });
            assertThatThrownBy(() -> begun.begin(entries, KeptSettings.NONE, "training-examples", 4))
                    .isInstanceOf(InvalidSettingsException.class)
                    .hasMessageContaining("its group other-learn has members");
            member.unsubscribe();

            begun.begin(entries, KeptSettings.NONE, "training-examples", 4);

            MemoryEntries read = new MemoryEntries();
            assertThat(begun.read(read, () -> true)).isTrue();
            assertThat(texts(read)).isEqualTo(Map.of("a", "1"));
            assertThat(admin.listConsumerGroupOffsets("other-learn")
                            .partitionsToOffsetAndMetadata()
                            .get())
                    .hasEntrySatisfying(
                            new TopicPartition("training-examples", 0),
                            committed -> assertThat(committed.offset()).isEqualTo(4));
        }
    }

    @SuppressWarnings("NullAway") // a null value is what a tombstone is
    private void commitAnother() {
        try {
            learner.beginTransaction();
            put("a", "2");
            learner.send(new ProducerRecord<>(CHANGELOG, "b".getBytes(StandardCharsets.UTF_8), null))
                    .get();
            commit();
        } catch (ExecutionException | InterruptedException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private void put(String key, String value) throws ExecutionException, InterruptedException {
        learner.send(new ProducerRecord<>(
                        CHANGELOG, key.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8)))
                .get();
    }

    private Map<String, String> texts() {
        return texts(entries);
    }

    private static Map<String, String> texts(MemoryEntries entries) {
        Map<String, String> texts = new TreeMap<>();
        entries.scan(new byte[0], (key, value) -> {
            texts.put(new String(key, StandardCharsets.UTF_8), new String(value, StandardCharsets.UTF_8));
            return true;
        });
        return texts;
    }
}
