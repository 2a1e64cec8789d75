package dev.millrace.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.page.LatestLetters.Found;
import dev.millrace.state.Utf8;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.wire.DeadLetterHeaders;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Which dead letters the page shows. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
class LatestLettersIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long T0 = 1_767_225_600_000L; // 2026-01-01

    private final EmbeddedBroker broker;

    LatestLettersIT(@TempDir Path directory) {
        this.broker = EmbeddedBroker.start(directory.resolve("broker"));
    }

    @BeforeAll
    void makeTopics() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.createTopics(List.of(
                            new NewTopic("few", 2, (short) 1),
                            new NewTopic("many", 2, (short) 1),
                            new NewTopic("made-up", 1, (short) 1),
                            new NewTopic("large", 1, (short) 1),
                            new NewTopic("open", 1, (short) 1)))
                    .all()
                    .get();
        }
    }

    @AfterAll
    void stop() {
        broker.close();
    }

    @Test
    void theLatestOfEachReasonAreShownTheNewestFirst() throws Exception {
        try (Producer<byte[], byte[]> producer = producer(Map.of())) {
            for (int at = 0; at < 5; at++) { // one after the other to both partitions
                send(producer, "few", at % 2, T0 + at, "bad-time", "t" + at);
            }
            send(producer, "few", 0, T0 - 1, "bad-key", "k");
        }

        Found found = read("few");

        assertThat(values(found)).containsExactly("{t4}", "{t3}", "{t2}", "{k}");
        assertThat(found.read()).isEqualTo(6);
        assertThat(found.isWhole()).isTrue();
    }

    @Test
    void theRestIsNotReadIfThereAreMany() throws Exception {
        int flood = LatestLetters.MOST_RECORDS + 1_000; // half of them in front of what is read of a partition
        try (Producer<byte[], byte[]> producer = producer(Map.of())) {
            send(producer, "many", 0, T0, "bad-key", "hidden");
            for (int at = 1; at <= flood; at++) {
                send(producer, "many", at % 2, T0 + at, "bad-time", "t" + at);
            }
            send(producer, "many", 1, T0, "bad-user", "shown");
        }

        Found found = read("many");

        assertThat(values(found))
                .containsExactly("{t" + flood + "}", "{t" + (flood - 1) + "}", "{t" + (flood - 2) + "}", "{shown}");
        assertThat(found.read()).isEqualTo(LatestLetters.MOST_RECORDS);
        assertThat(found.isWhole()).isFalse();
    }

    @Test
    void reasonsThatOthersMakeUpShareThePlacesOfOne() throws Exception {
        int made = LatestLetters.MOST_REASONS + 10;
        try (Producer<byte[], byte[]> producer = producer(Map.of())) {
            for (int at = 0; at < made; at++) {
                send(producer, "made-up", 0, T0 + at, "reason-" + at, "t" + at);
            }
        }

        Found found = read("made-up");

        assertThat(found.letters()).hasSize(LatestLetters.MOST_REASONS + LatestLetters.OF_EACH_REASON);
        assertThat(found.isWhole()).isTrue();
    }

    @Test
    void largeLettersAreNotAllRead() throws Exception {
        int letters = 60; // of a million bytes: more than may be read
        String large = "a".repeat(1_000_000);
        try (Producer<byte[], byte[]> producer = producer(Map.of())) {
            for (int at = 0; at < letters; at++) {
                send(producer, "large", 0, T0 + at, "bad-time", large);
            }
        }

        Found found = read("large");

        assertThat(found.read()).isLessThan(letters);
        assertThat(found.isWhole()).isFalse();
        assertThat(found.letters()).hasSize(LatestLetters.OF_EACH_REASON).allSatisfy(letter -> assertThat(
                        String.valueOf(letter.get("value")))
                .hasSize(2_001));
    }

    @Test
    void aTransactionThatIsOpenIsNotWaitedFor() throws Exception {
        Map<String, Object> transactional = Map.of("transactional.id", "stuck");
        try (Producer<byte[], byte[]> producer = producer(Map.of());
                Producer<byte[], byte[]> stuck = producer(transactional)) {
            send(producer, "open", 0, T0, "bad-time", "before");
            producer.flush();
            stuck.initTransactions();
            stuck.beginTransaction();
            send(stuck, "open", 0, T0 + 1, "bad-time", "undecided");
            stuck.flush();

            Found found = read("open");

            assertThat(values(found)).containsExactly("{before}");
            stuck.abortTransaction();
        }
    }

    @Test
    void whoAsksIsToldWhyNothingCanBeRead() {
        assertThatThrownBy(() -> read("no-such-topic"))
                .isInstanceOf(UnusableTopicException.class)
                .hasMessageContaining("topic no-such-topic is missing");
    }

    /** Asks until there is an answer, as the page does. */
    private Found read(String topic) {
        ClientSettings clients = ClientSettings.of(broker.bootstrapServers());
        try (LatestLetters letters = new LatestLetters(clients, topic, InstantSource.system(), PATIENCE, PATIENCE)) {
            assertThat(letters.latest()).as("nobody waits").isEmpty();
            return await().atMost(PATIENCE)
                    .until(letters::latest, Optional::isPresent)
                    .orElseThrow();
        }
    }

    private static List<Object> values(Found found) {
        return found.letters().stream().map(letter -> letter.get("value")).toList();
    }

    private static void send(
            Producer<byte[], byte[]> producer, String topic, int partition, long time, String reason, String text) {
        ProducerRecord<byte[], byte[]> letter =
                new ProducerRecord<>(topic, partition, time, Utf8.bytes("u1"), Utf8.bytes("{" + text + "}"));
        letter.headers().add(DeadLetterHeaders.REASON, Utf8.bytes(reason));
        var unused = producer.send(letter);
    }

    private Producer<byte[], byte[]> producer(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(more);
        config.put("bootstrap.servers", broker.bootstrapServers());
        config.put("max.request.size", 2_000_000);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }
}
