package dev.millrace.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.stream.Streams;
import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.wire.TopicRecord;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class EmbeddedBrokerIT {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Path directory;

    EmbeddedBrokerIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void dataInOpenFoldersIsTheOwnersAlone() throws Exception {
        Path logs = Files.createDirectory(directory.resolve("log")); // of an earlier release
        Set<PosixFilePermission> owner = PosixFilePermissions.fromString("rwx------");
        for (Path open : List.of(directory, logs)) {
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
        }

        try (EmbeddedBroker there = EmbeddedBroker.start(directory);
                EmbeddedBroker made = EmbeddedBroker.start(directory.resolve("made"))) {
            assertThat(Files.getPosixFilePermissions(logs)).isEqualTo(owner);
            assertThat(Files.getPosixFilePermissions(directory.resolve("made"))).isEqualTo(owner);
        }
    }

    @Test
    void secondBrokersOnTheSameFolderAreRefused() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory)) {
            byte[] identity = Files.readAllBytes(directory.resolve("embedded.properties"));
            for (int attempt = 0; attempt < 2; attempt++) {
                assertThatThrownBy(() -> EmbeddedBroker.start(directory))
                        .isInstanceOf(UncheckedIOException.class)
                        .hasRootCauseMessage("another broker runs on this folder");
            }

            assertThat(Files.readAllBytes(directory.resolve("embedded.properties")))
                    .isEqualTo(identity);
            try (Admin admin =
                    Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers()))) {
                assertThat(admin.describeCluster().nodes().get()).hasSize(1);
            }
        }
    }

    @Test
    void dataIsThereAgainAfterARestartOnTheSameDirectory() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory)) {
            topics(broker, Map.of()).create();
            produceUsers(broker, 0, 100);
        }

        try (EmbeddedBroker broker = EmbeddedBroker.start(directory)) {
            assertThat(topics(broker, Map.of()).create()).isEmpty(); // all are there already
            topics(broker, Map.of()).check();
            List<TopicRecord> users = new CopyOnWriteArrayList<>();
            ClientSettings clients = ClientSettings.of(broker.bootstrapServers());
            List<Integer> readWhenCaughtUp = new CopyOnWriteArrayList<>();
            try (TopicFollower follower = TopicFollower.start(clients, "users", users::add)) {
                follower.onceCaughtUp(() -> readWhenCaughtUp.add(users.size()));
                await().atMost(PATIENCE).until(follower::isCaughtUp);
                assertThat(users).hasSize(100);
                await().atMost(PATIENCE).until(() -> readWhenCaughtUp.equals(List.of(100)));
                assertThat(follower.progress()).contains(new TopicFollower.Progress(100, 100));

                produceUsers(broker, 100, 150); // it goes on following
                await().atMost(PATIENCE).until(() -> users.size() == 150);
                follower.onceCaughtUp(() -> readWhenCaughtUp.add(users.size())); // at once
                assertThat(readWhenCaughtUp).containsExactly(100, 150);
                assertThat(follower.failure()).isEmpty();
            }
        }
    }

    @Test
    void aFollowerThatMissedRecordsEnds() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory)) {
            topics(broker, Map.of()).create();
            ClientSettings clients = ClientSettings.of(broker.bootstrapServers());
            CountDownLatch paused = new CountDownLatch(1);
            CountDownLatch deleted = new CountDownLatch(1);
            try (TopicFollower follower = TopicFollower.start(clients, "users", user -> {
                        paused.countDown();
                        awaitQuietly(deleted);
                    });
                    Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                await().atMost(PATIENCE).until(follower::isCaughtUp);
                produceUsers(broker, 0, 20);
                paused.await();
                produceUsers(broker, 20, 40); // a fetch on its way may hold the first of them
                produceUsers(broker, 40, 60);
                Map<TopicPartition, RecordsToDelete> all = new HashMap<>();
                try (TopicReader reader = new TopicReader(clients, PATIENCE)) {
                    reader.extents("users")
                            .forEach(extent -> all.put(
                                    new TopicPartition("users", extent.partition()),
                                    RecordsToDelete.beforeOffset(extent.end())));
                }
                admin.deleteRecords(all).all().get();

                deleted.countDown();

                await().atMost(PATIENCE).until(() -> follower.failure().isPresent());
                assertThat(follower.failure().orElseThrow())
                        .isInstanceOf(UnusableTopicException.class)
                        .hasMessageMatching(
                                "topic users no longer has the records that come next: partition \\d was read up to"
                                        + " offset \\d+(.|\n)*");
            }
        }
    }

    @Test
    void brokerAndControllerHaveAPortEach() throws Exception {
        int port = FreePort.find();
        Files.writeString(directory.resolve("embedded.properties"), "controller.port = " + port);

        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, port)) {
            assertThat(broker.bootstrapServers()).isEqualTo("127.0.0.1:" + port);
        }
    }

    @Test
    void whatTheTrainerWritesIsTakenWhateverItsClockSays() {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory)) {
            topics(broker, Map.of()).create();
            ClientSettings clients = ClientSettings.of(broker.bootstrapServers());
            TopicNames names = Streams.topics();
            long tomorrow = System.currentTimeMillis() + Duration.ofDays(1).toMillis();
            Set<String> inputs = Set.of(names.exposures(), names.clicks(), names.users(), names.items());
            try (EventProducer producer = new EventProducer(clients, names, Streams.wire())) {
                List<String> written = names.all().stream()
                        .filter(topic -> !inputs.contains(topic))
                        .toList();
                written.forEach(topic -> producer.sendBytes(topic, new byte[1], Optional.of(new byte[1]), tomorrow));
                producer.flush();

                assertThat(written).hasSize(13);
                assertThat(records(clients, written)).isEqualTo(13);
            }
        }
    }

    @Test
    void topicsThatAreMissingOrOfTheWrongShapeAreNamed() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory)) {
            assertThatThrownBy(() -> topics(broker, Map.of()).check())
                    .isInstanceOf(UnusableTopicException.class)
                    .hasMessageContaining("topic clicks is missing; millrace topics create makes it");

            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                admin.createTopics(List.of(
                                new NewTopic("clicks", 3, (short) 1),
                                new NewTopic("training-examples", 2, (short) 1),
                                new NewTopic("item-embeddings", 1, (short) 1)))
                        .all()
                        .get();
            }
            assertThat(topics(broker, Map.of()).create()).hasSize(14).doesNotContain("clicks");

            assertThatThrownBy(() -> topics(broker, Map.of()).check())
                    .isInstanceOfSatisfying(UnusableTopicException.class, thrown -> assertThat(thrown.faults())
                            .hasSize(3)
                            .anyMatch(fault -> fault.startsWith("topic clicks has 3 partitions and exposures has 2"))
                            .anyMatch(fault -> fault.startsWith("topic training-examples has 2 partitions"))
                            .anyMatch(fault -> fault.startsWith("topic item-embeddings has cleanup.policy delete")));
        }
    }

    @Test
    void aReadingThatTakesLongTellsWhereItStands() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory);
                KafkaProducer<byte[], byte[]> stuck = new KafkaProducer<>(
                        Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id", "stuck"),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            topics(broker, Map.of("topic.partitions", "1")).create();
            stuck.initTransactions();
            stuck.beginTransaction();
            stuck.send(new ProducerRecord<>("clicks", new byte[] {1})).get();
            stuck.commitTransaction(); // offsets 0 and 1, its marker
            stuck.beginTransaction();
            stuck.send(new ProducerRecord<>("clicks", new byte[] {2})).get();

            try (TopicReader reader = new TopicReader(
                    ClientSettings.of(broker.bootstrapServers()),
                    Duration.ofSeconds(3),
                    (part, done, of) -> told.add(part + " " + done + "/" + of))) {
                TopicReader.Extent extent = reader.extents("clicks").get(0);
                assertThatThrownBy(() -> reader.read(extent, 0, record -> true))
                        .isInstanceOf(UnusableTopicException.class);
            }
            stuck.abortTransaction();
        }

        assertThat(told).isNotEmpty().last().isEqualTo("clicks-0 2/3");
    }

    @Test
    void unreachableBrokerIsToldWithWhatWasTried() {
        TopicSettings settings = TopicSettings.read(Streams.reader());
        Topics topics = new Topics(ClientSettings.of("127.0.0.1:1"), settings, Duration.ofSeconds(1));

        assertThatThrownBy(topics::check)
                .isInstanceOf(BrokerUnreachableException.class)
                .hasMessageContaining("no broker answered at 127.0.0.1:1 within 1000 ms");
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static Topics topics(EmbeddedBroker broker, Map<String, String> given) {
        TopicSettings settings = TopicSettings.read(new dev.millrace.settings.SettingsReader(new HashMap<>(given)));
        return new Topics(ClientSettings.of(broker.bootstrapServers()), settings, PATIENCE);
    }

    private static void produceUsers(EmbeddedBroker broker, int from, int to) {
        ClientSettings clients = ClientSettings.of(broker.bootstrapServers());
        List<String> users = List.of(Streams.topics().users());
        long before = records(clients, users);
        try (EventProducer producer = new EventProducer(clients, Streams.topics(), Streams.wire())) {
            for (int at = from; at < to; at++) {
                producer.send(new dev.millrace.event.UserProfile(
                        "u" + at, Streams.T0 + at, dev.millrace.event.Features.NONE));
            }
            producer.flush();
            assertThat(records(clients, users) - before).isEqualTo(to - from);
        }
    }

    /** Offsets written so far, over all partitions of some topics. */
    private static long records(ClientSettings clients, List<String> topics) {
        try (TopicReader reader = new TopicReader(clients, PATIENCE)) {
            return topics.stream()
                    .flatMap(topic -> reader.extents(topic).stream())
                    .mapToLong(TopicReader.Extent::end)
                    .sum();
        }
    }
}
