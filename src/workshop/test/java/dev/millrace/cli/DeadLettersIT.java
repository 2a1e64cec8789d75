package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.TestCluster;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.state.Utf8;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EventProducer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of dead letters, and what becomes of those that are sent again. */
@Tag("slow")
class DeadLettersIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int PARTITIONS = 2;
    private static final int LARGE = 1_010_000; // no dead letter takes it whole

    private final Commands commands = new Commands();

    @Test
    void lettersAreCountedShownAndSentAgain(@TempDir Path directory) throws Exception {
        try (TestCluster cluster =
                new TestCluster(directory, Map.of("topic.partitions", Integer.toString(PARTITIONS)))) {
            Map<String, String> given = cluster.given();
            assertThat(ok(given, "dlq", "list")).isEqualTo("no dead letters" + System.lineSeparator());
            String user = IntStream.range(0, 100)
                    .mapToObj(number -> "u" + number)
                    .filter(id -> partition(id) == 1)
                    .findFirst()
                    .orElseThrow();
            try (StreamRunner trainer = cluster.run();
                    EventProducer producer = cluster.producer();
                    ProgressWatch progress = cluster.progress()) {
                producer.send(new UserProfile(user, TestCluster.T0, Features.NONE));
                producer.flush();
                await().atMost(PATIENCE).until(() -> TestCluster.count(progress, "users", "applied") == 1);
                List<ProducerRecord<byte[], byte[]>> bad = new ArrayList<>();
                bad.add(record("users", 0, user, null)); // to partition 0, where nobody knows the user
                for (String value : List.of(
                        "\u0001 no click",
                        "not json",
                        "{\"click_id\": \"c1\"}",
                        "{\"text\": \"" + "a".repeat(LARGE) + "\"}")) {
                    bad.add(record("clicks", partition(user), user, Utf8.bytes(value)));
                }
                cluster.write(bad);
                await().atMost(PATIENCE)
                        .until(() -> TestCluster.count(progress, "clicks", "rejected: undecodable") == 4
                                && TestCluster.count(progress, "users", "rejected: misplaced-removal") == 1);

                assertThat(ok(given, "dlq", "list"))
                        .containsPattern("misplaced-removal +users +1 ")
                        .containsPattern("undecodable +clicks +4 ")
                        .contains("partition = 0: must be 1");
                assertThat(ok(given, "dlq", "show", "--topic", "clicks", "-n", "2"))
                        .contains("{\"click_id\": \"c1\"}")
                        .containsPattern("key +" + user)
                        .contains(" bytes, left out here, still at its origin")
                        .doesNotContain("misplaced-removal", "no click");
                programsAreToldTheSame(given);
                anOperatorSaysWhichAreMended(given);
                aRemovalIsCarriedOutWhenItIsSentAgain(given, progress);
                whatIsStillWrongComesBackWhole(given, progress);
                assertThat(trainer.failure()).isEmpty();
            }
        }
    }

    /** Runs a command, which must succeed. Returns what it says. */
    private String ok(Map<String, String> given, String... command) {
        assertThat(commands.run(given, command)).as(commands.err()).isZero();
        return commands.out();
    }

    private void programsAreToldTheSame(Map<String, String> given) throws Exception {
        ObjectMapper json = new ObjectMapper();
        assertThat(json.readTree(ok(given, "dlq", "list", "--topic", "clicks", "--output", "json")))
                .singleElement()
                .satisfies(group -> {
                    assertThat(group.path("reason").asText()).isEqualTo("undecodable");
                    assertThat(group.path("count").asLong()).isEqualTo(4);
                    assertThat(group.path("messages").size()).isGreaterThan(1);
                });
        assertThat(json.readTree(ok(given, "dlq", "show", "--topic", "clicks", "-n", "2", "--output", "json")))
                .extracting(letter -> letter.at("/from/topic").asText())
                .containsExactly("clicks", "clicks");
        String[] replay = {"dlq", "replay", "--reason", "misplaced-removal", "--dry-run", "--output", "json"};
        assertThat(ok(given, replay).strip()).isEqualTo("{\"wouldSend\":{\"users\":1},\"left\":{}}");
        assertThat(ok(given, "actions")).as("nothing was sent").startsWith("the audit log is empty");
    }

    private void anOperatorSaysWhichAreMended(Map<String, String> given) {
        Map<String, String[]> refused = Map.of(
                "--reason = absent: must be given", new String[] {"dlq", "replay"},
                "--reason = nonsense: must be one of ", new String[] {"dlq", "show", "--reason", "nonsense"},
                "--topic = click: must be one of ", new String[] {"dlq", "list", "--topic", "click"},
                "--messages = 0", new String[] {"dlq", "list", "--messages", "0"});
        refused.forEach((fault, command) -> {
            assertThat(commands.run(given, command)).isEqualTo(2);
            assertThat(commands.err()).contains(fault);
        });
        assertThat(ok(given, "dlq", "replay", "--reason", "bad-time")).contains("no dead letters");
    }

    private void aRemovalIsCarriedOutWhenItIsSentAgain(Map<String, String> given, ProgressWatch progress) {
        String sent = ok(given, "dlq", "replay", "--reason", "misplaced-removal");
        assertThat(sent).containsPattern("sent.users +1\\R").containsPattern("after +\\d=\\d+\\R");
        String after = sent.lines().reduce((one, other) -> other).orElseThrow().split(" +")[1];
        await().atMost(PATIENCE).until(() -> TestCluster.count(progress, "users", "removed") == 1);
        assertThat(ok(given, "actions"))
                .containsPattern("accepted +replay-letters +misplaced-removal .* 1 to users, up to " + after);
        String[] replay = {"dlq", "replay", "--reason", "misplaced-removal", "--after", after, "--output", "json"};
        assertThat(ok(given, replay).strip()).isEqualTo("{\"sent\":{},\"left\":{},\"after\":\"" + after + "\"}");
    }

    private void whatIsStillWrongComesBackWhole(Map<String, String> given, ProgressWatch progress) {
        assertThat(ok(given, "dlq", "replay", "--reason", "undecodable", "--after", "7=1"))
                .containsPattern("sent.clicks +4\\R")
                .as("what was given stays")
                .containsPattern("after +\\d=\\d+(,\\d=\\d+)*,7=1\\R");
        await().atMost(PATIENCE).until(() -> TestCluster.count(progress, "clicks", "rejected: undecodable") == 8);
        // the large one was sent as large as it was
        assertThat(ok(given, "dlq", "show", "--reason", "undecodable", "-n", "8")
                        .lines())
                .filteredOn(line -> line.contains(" bytes, left out here"))
                .hasSize(2);
    }

    private static int partition(String key) {
        return Utils.toPositive(Utils.murmur2(Utf8.bytes(key))) % PARTITIONS;
    }

    private static ProducerRecord<byte[], byte[]> record(
            String topic, int partition, String key, byte @Nullable [] value) {
        return new ProducerRecord<>(topic, partition, TestCluster.T0 + 1, Utf8.bytes(key), value);
    }
}
