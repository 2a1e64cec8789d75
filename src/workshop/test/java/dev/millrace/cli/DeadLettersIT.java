package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.TrainProcess;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.state.Books;
import dev.millrace.state.Utf8;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.wire.AvroWire;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of dead letters, and what becomes of those that are sent again. */
@Tag("slow")
class DeadLettersIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long T0 = 1_767_225_600_000L; // 2026-01-01
    private static final int PARTITIONS = 2;
    private static final int LARGE = 1_010_000; // no dead letter takes it whole

    private final Commands commands = new Commands();
    private final Path directory;

    DeadLettersIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void lettersAreCountedShownAndSentAgain() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"))) {
            Map<String, String> given = Map.of(
                    "kafka.bootstrap.servers", broker.bootstrapServers(),
                    "stream.state-directory", directory.resolve("state").toString(),
                    "topic.partitions", Integer.toString(PARTITIONS),
                    "train.http.port", "-1");
            MillraceSettings settings = MillraceSettings.load(List.of(), Map.of(), Map.of(), given);
            assertThat(commands.run(given, "topics", "create")).isZero();
            assertThat(commands.run(given, "dlq", "list")).isZero();
            assertThat(commands.out()).isEqualTo("no dead letters" + System.lineSeparator());
            AvroWire wire = new AvroWire(settings.wire());
            String user = IntStream.range(0, 100)
                    .mapToObj(number -> "u" + number)
                    .filter(id -> partition(id) == 1)
                    .findFirst()
                    .orElseThrow();
            try (TrainProcess trainer = TrainProcess.start(
                            settings, TrainProcess.From.EVENTS, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
                    EventProducer producer = new EventProducer(
                            settings.clients(), settings.topics().names(), wire);
                    ProgressWatch progress = new ProgressWatch(
                            settings.clients(), settings.topics().names().trainingProgress(), wire)) {
                assertThat(trainer.applications().failure()).isEmpty();
                producer.send(new UserProfile(user, T0, Features.NONE));
                producer.flush();
                await().atMost(PATIENCE).until(() -> count(progress, "users", "applied") == 1);
                produce(broker, "users", 0, user, null); // to partition 0, where nobody knows the user
                produce(broker, "clicks", partition(user), user, Utf8.bytes("\u0001 no click"));
                produce(broker, "clicks", partition(user), user, Utf8.bytes("not json"));
                produce(broker, "clicks", partition(user), user, Utf8.bytes("{\"click_id\": \"c1\"}"));
                produce(
                        broker,
                        "clicks",
                        partition(user),
                        user,
                        Utf8.bytes("{\"text\": \"" + "a".repeat(LARGE) + "\"}"));
                await().atMost(PATIENCE)
                        .until(() -> count(progress, "clicks", "rejected: undecodable") == 4
                                && count(progress, "users", "rejected: misplaced-removal") == 1);

                assertThat(commands.run(given, "dlq", "list")).isZero();
                assertThat(commands.out())
                        .containsPattern("misplaced-removal +users +1 ")
                        .containsPattern("undecodable +clicks +4 ")
                        .contains("partition = 0: must be 1");
                assertThat(commands.run(given, "dlq", "show", "--topic", "clicks", "-n", "2"))
                        .isZero();
                assertThat(commands.out())
                        .contains("{\"click_id\": \"c1\"}")
                        .containsPattern("key +" + user)
                        .contains(" bytes, left out here, still at its origin")
                        .doesNotContain("misplaced-removal", "no click");

                programsAreToldTheSame(given);
                theMessagesOfAReasonAreShownNotOneAlone(given);
                anOperatorSaysWhichAreMended(given);
                aRemovalIsCarriedOutWhenItIsSentAgain(given, progress);
                whatIsStillWrongComesBackWholeEvenIfItsLetterWasNot(given, progress);
            }
        }
    }

    private void programsAreToldTheSame(Map<String, String> given) throws Exception {
        assertThat(commands.run(given, "dlq", "list", "--topic", "clicks", "--output", "json"))
                .isZero();
        assertThat(new ObjectMapper().readTree(commands.out())).singleElement().satisfies(group -> {
            assertThat(group.path("reason").asText()).isEqualTo("undecodable");
            assertThat(group.path("count").asLong()).isEqualTo(4);
            assertThat(group.path("messages").size()).isGreaterThan(1);
        });
        assertThat(commands.run(given, "dlq", "show", "--topic", "clicks", "-n", "2", "--output", "json"))
                .isZero();
        assertThat(new ObjectMapper().readTree(commands.out())).hasSize(2).allSatisfy(letter -> assertThat(
                        letter.path("from").path("topic").asText())
                .isEqualTo("clicks"));
        String[] replay = {"dlq", "replay", "--reason", "misplaced-removal", "--dry-run", "--output", "json"};
        assertThat(commands.run(given, replay)).isZero();
        assertThat(commands.out().strip()).isEqualTo("{\"wouldSend\":{\"users\":1},\"left\":{}}");
    }

    private void theMessagesOfAReasonAreShownNotOneAlone(Map<String, String> given) {
        assertThat(commands.run(given, "dlq", "list", "--topic", "clicks", "--messages", "1"))
                .isZero();
        List<String> one = commands.out().lines().toList();
        assertThat(commands.run(given, "dlq", "list", "--topic", "clicks")).isZero();
        assertThat(commands.out().lines())
                .startsWith(one.toArray(String[]::new))
                .hasSizeGreaterThan(one.size())
                .doesNotHaveDuplicates();
        assertThat(commands.run(given, "dlq", "list", "--messages", "0")).isEqualTo(2);
        assertThat(commands.run(given, "dlq", "show", "--topic", "clicks")).isZero();
        assertThat(commands.out()).containsPattern("value +not json").containsPattern("value +10 bytes: 01");
    }

    private void anOperatorSaysWhichAreMended(Map<String, String> given) {
        assertThat(commands.run(given, "dlq", "replay")).isEqualTo(2);
        assertThat(commands.err()).contains("--reason = absent: must be given");
        assertThat(commands.run(given, "dlq", "show", "--reason", "nonsense")).isEqualTo(2);
        assertThat(commands.err()).contains("--reason = nonsense: must be one of undecodable,");
        assertThat(commands.run(given, "dlq", "list", "--topic", "click")).isEqualTo(2);
        assertThat(commands.err()).contains("--topic = click: must be one of exposures, clicks,");
        assertThat(commands.run(given, "dlq", "replay", "--reason", "misplaced-removal", "--dry-run"))
                .isZero();
        assertThat(commands.out()).containsPattern("wouldSend.users +1\\R").doesNotContain("after");
        assertThat(commands.run(given, "actions")).isZero();
        assertThat(commands.out()).as("nothing was sent").startsWith("nothing was ordered yet");
        assertThat(commands.run(given, "dlq", "replay", "--reason", "bad-time")).isZero();
        assertThat(commands.out()).isEqualTo("no dead letters" + System.lineSeparator());
    }

    private void aRemovalIsCarriedOutWhenItIsSentAgain(Map<String, String> given, ProgressWatch progress) {
        assertThat(commands.run(given, "dlq", "replay", "--reason", "misplaced-removal"))
                .isZero();
        assertThat(commands.out()).containsPattern("sent.users +1\\R").containsPattern("after +\\d=\\d+\\R");
        String after = commands.out()
                .lines()
                .reduce((one, other) -> other)
                .orElseThrow()
                .split(" +")[1];
        await().atMost(PATIENCE).until(() -> count(progress, "users", "removed") == 1);
        assertThat(commands.run(given, "actions")).isZero();
        assertThat(commands.out())
                .containsPattern("accepted +replay-letters +misplaced-removal .* 1 to users, up to " + after)
                .contains("millrace dlq replay");

        assertThat(commands.run(given, "dlq", "replay", "--reason", "misplaced-removal", "--after", after))
                .isZero();
        assertThat(commands.out()).contains("no dead letters");
        String[] replay = {"dlq", "replay", "--reason", "misplaced-removal", "--after", after, "--output", "json"};
        assertThat(commands.run(given, replay)).isZero();
        assertThat(commands.out().strip()).isEqualTo("{\"sent\":{},\"left\":{},\"after\":\"" + after + "\"}");
    }

    private void whatIsStillWrongComesBackWholeEvenIfItsLetterWasNot(
            Map<String, String> given, ProgressWatch progress) {
        assertThat(commands.run(given, "dlq", "replay", "--reason", "undecodable", "--after", "7=1"))
                .isZero();
        assertThat(commands.out())
                .containsPattern("sent.clicks +4\\R")
                .as("what was given stays")
                .containsPattern("after +\\d=\\d+(,\\d=\\d+)*,7=1\\R");
        await().atMost(PATIENCE).until(() -> count(progress, "clicks", "rejected: undecodable") == 8);

        assertThat(commands.run(given, "dlq", "show", "--reason", "undecodable", "-n", "8"))
                .isZero();
        // the large one was sent as large as it was
        assertThat(commands.out().lines().filter(line -> line.contains(" bytes, left out here")))
                .hasSize(2);
    }

    private static int partition(String key) {
        return Utils.toPositive(Utils.murmur2(Utf8.bytes(key))) % PARTITIONS;
    }

    private static long count(ProgressWatch progress, String topic, String outcome) {
        return progress.books()
                .getOrDefault(topic, Books.Account.EMPTY)
                .outcomes()
                .getOrDefault(outcome, 0L);
    }

    private static void produce(EmbeddedBroker broker, String topic, int partition, String key, byte @Nullable [] value)
            throws Exception {
        Map<String, Object> config =
                Map.of("bootstrap.servers", broker.bootstrapServers(), "max.request.size", 2 * LARGE);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topic, partition, T0 + 1, Utf8.bytes(key), value))
                    .get();
        }
    }
}
