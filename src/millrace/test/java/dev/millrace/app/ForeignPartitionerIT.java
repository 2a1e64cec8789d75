package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.state.Books;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.Topics;
import dev.millrace.verify.books.CountAudit;
import dev.millrace.verify.books.CountReport;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.TopicRecord;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Producers that place keys as librdkafka does by default, by CRC-32, beside those that place them as Kafka's own clients do. */
@Tag("slow")
class ForeignPartitionerIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long T0 = 1_767_225_600_000L; // 2026-01-01
    private static final int PARTITIONS = 2;
    private static final int CLICKS = 200;

    private final Path directory;

    // set by begin
    private EmbeddedBroker broker;
    private KafkaProducer<byte[], byte[]> raw;

    @SuppressWarnings("NullAway.Init")
    ForeignPartitionerIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @BeforeEach
    void begin() throws Exception {
        broker = EmbeddedBroker.start(directory.resolve("broker"));
        raw = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        MillraceSettings settings = settings();
        new Topics(settings.clients(), settings.topics(), PATIENCE).create();
    }

    @AfterEach
    void end() {
        raw.close();
        broker.close();
    }

    @Test
    void removalInAnotherPartitionIsNoRemovalThatWasCarriedOut() throws Exception {
        MillraceSettings settings = settings();
        String user = users().filter(id -> crc32(id) != murmur2(id)).findFirst().orElseThrow();
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        try (TrainProcess trainer = TrainProcess.start(settings, TrainProcess.From.EVENTS, registry);
                EventProducer producer = producer(settings);
                ProgressWatch progress = progress(settings)) {
            producer.send(new UserProfile(user, T0, Features.of(Map.of("city", new FeatureValue.Category("Leipzig")))));
            producer.flush();
            await().atMost(PATIENCE).until(() -> count(progress, "users", "applied") == 1);

            send("users", crc32(user), user, null);

            await().atMost(PATIENCE).untilAsserted(() -> assertThat(progress.books()
                            .getOrDefault("users", Books.Account.EMPTY)
                            .outcomes())
                    .isEqualTo(Map.of("applied", 1L, "rejected: misplaced-removal", 1L)));
            // it is not said to be gone
            assertThat(records("user-features"))
                    .noneMatch(record -> record.value().isEmpty());
            // and nobody can overlook it
            String active = "millrace_input_alarm{alarm=\"misplaced-removals\"} 1";
            await().atMost(PATIENCE).until(() -> registry.scrape().contains(active));
            assertThat(HttpClient.newHttpClient()
                            .send(
                                    HttpRequest.newBuilder(
                                                    URI.create(trainer.url().orElseThrow() + "/readyz"))
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .body())
                    .contains("misplaced-removals", "removals were not carried out", "partitioner=murmur2_random");
            TopicRecord letter = records("dead-letters").get(0);
            assertThat(letter.key()).isEqualTo(utf8(user));
            assertThat(letter.headers())
                    .containsEntry("millrace.reject.reason", "misplaced-removal")
                    .containsEntry("__streams.errors.topic", "users")
                    .containsEntry("__streams.errors.partition", Integer.toString(crc32(user)));
            assertThat(letter.headers().get("__streams.errors.message"))
                    .startsWith("partition = " + crc32(user) + ": must be " + murmur2(user))
                    .contains("murmur2", "2 partitions");

            producer.removeUser(user, T0 + 2);
            producer.flush();

            await().atMost(PATIENCE).until(() -> count(progress, "users", "removed") == 1);
            assertThat(audit(settings).faults()).isEmpty();
        }
    }

    @Test
    void clickInAnotherPartitionThanItsExposureIsNoOrphan() throws Exception {
        MillraceSettings settings = settings();
        EventRecords records = new EventRecords(new AvroWire(settings.wire()));
        List<String> users = users().limit(CLICKS).toList();
        long inPlace = users.stream().filter(id -> crc32(id) == murmur2(id)).count();
        assertThat(inPlace).isBetween(CLICKS / 4L, CLICKS * 3L / 4); // or the test shows nothing
        try (StreamRunner trainer = TrainProcess.runner(settings, TrainProcess.From.EVENTS);
                EventProducer producer = producer(settings);
                ProgressWatch progress = progress(settings)) {
            trainer.start();
            for (String user : users) {
                producer.send(new Exposure("e-" + user, user, "i1", T0, T0, Features.NONE));
            }
            producer.flush();
            for (String user : users) {
                Click click =
                        new Click("c-" + user, user, "i1", Optional.empty(), "click", 1, T0 + 1, T0, Features.NONE);
                send("clicks", crc32(user), user, records.encode("clicks", click));
            }
            endWindows(producer);

            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(progress.books().getOrDefault("clicks", Books.Account.EMPTY))
                            .isEqualTo(new Books.Account(
                                    CLICKS + PARTITIONS,
                                    PARTITIONS,
                                    new TreeMap<>(Map.of(
                                            "attributed", inPlace, "rejected: bad-partition", CLICKS - inPlace)))));
            assertThat(records("dead-letters")).hasSize((int) (CLICKS - inPlace));
            CountReport report = audit(settings);
            assertThat(report.faults()).isEmpty();
            assertThat(report.lines()).allMatch(line -> line.difference() == 0);
        }
    }

    @Test
    void whatAnyPartitionMayHoldIsAtTheProducersRisk() throws Exception {
        MillraceSettings settings = settings("any");
        String user = users().filter(id -> crc32(id) != murmur2(id)).findFirst().orElseThrow();
        try (StreamRunner trainer = TrainProcess.runner(settings, TrainProcess.From.EVENTS);
                EventProducer producer = producer(settings);
                ProgressWatch progress = progress(settings)) {
            trainer.start();
            send("users", crc32(user), user, null);
            producer.removeItem("i1", T0);
            producer.flush();

            await().atMost(PATIENCE).until(() -> count(progress, "users", "removed") == 1);
            assertThat(audit(settings).faults()).isEmpty();
            assertThat(audit(settings()).faults())
                    .containsExactly("users-" + crc32(user) + " offset 0 is not in the partition of its key, "
                            + murmur2(user) + ", and was not rejected");
        }
    }

    /** An exposure and a click in each partition, so late that all windows of the others end. */
    private static void endWindows(EventProducer producer) {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            int at = partition;
            String user = IntStream.range(0, 100)
                    .mapToObj(number -> "last" + number)
                    .filter(id -> murmur2(id) == at)
                    .findFirst()
                    .orElseThrow();
            long late = T0 + Duration.ofDays(1).toMillis();
            producer.send(new Exposure("e-" + user, user, "i2", late, late, Features.NONE));
            producer.send(new Click("c-" + user, user, "i1", Optional.empty(), "click", 1, late, late, Features.NONE));
        }
        producer.flush();
    }

    private static Stream<String> users() {
        return IntStream.range(0, 10_000).mapToObj(number -> "user" + number);
    }

    private MillraceSettings settings() {
        return settings("murmur2");
    }

    private MillraceSettings settings(String partitions) {
        return MillraceSettings.load(
                List.of(),
                Map.of(),
                Map.of(),
                Map.of(
                        "kafka.bootstrap.servers",
                        broker.bootstrapServers(),
                        "stream.state-directory",
                        directory.resolve("state").toString(),
                        "topic.partitions",
                        Integer.toString(PARTITIONS),
                        "attribution.partitions",
                        partitions,
                        "train.http.port",
                        "0",
                        "tower.dim",
                        "8"));
    }

    private static EventProducer producer(MillraceSettings settings) {
        return new EventProducer(settings.clients(), settings.topics().names(), new AvroWire(settings.wire()));
    }

    private static ProgressWatch progress(MillraceSettings settings) {
        return new ProgressWatch(
                settings.clients(), settings.topics().names().trainingProgress(), new AvroWire(settings.wire()));
    }

    private static long count(ProgressWatch progress, String topic, String outcome) {
        return progress.books()
                .getOrDefault(topic, Books.Account.EMPTY)
                .outcomes()
                .getOrDefault(outcome, 0L);
    }

    private static CountReport audit(MillraceSettings settings) {
        try (TopicReader log = new TopicReader(settings.clients(), PATIENCE)) {
            return CountAudit.run(
                    log,
                    new PlainValues(new AvroWire(settings.wire())),
                    settings.topics().names(),
                    settings.attribution());
        }
    }

    private List<TopicRecord> records(String topic) {
        List<TopicRecord> found = new ArrayList<>();
        try (TopicReader log = new TopicReader(settings().clients(), PATIENCE)) {
            for (int partition = 0; partition < log.partitions(topic); partition++) {
                log.read(topic, partition, log.committedEnd(topic, partition), found::add);
            }
        }
        return found;
    }

    @SuppressWarnings("NullAway") // Kafka's records are not annotated
    private void send(String topic, int partition, String key, byte @Nullable [] value) throws Exception {
        raw.send(new ProducerRecord<>(topic, partition, T0, utf8(key), value)).get();
    }

    /** As {@code consistent_random} of librdkafka places a key. */
    private static int crc32(String key) {
        CRC32 crc = new CRC32();
        crc.update(utf8(key));
        return (int) (crc.getValue() % PARTITIONS);
    }

    private static int murmur2(String key) {
        return Utils.toPositive(Utils.murmur2(utf8(key))) % PARTITIONS;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
