package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.TestCluster;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shop's own topic of views, whose values have neither a time nor, in one case, a user: the records have. */
@Tag("slow")
class InitTopicIT {

    private static final int VIEWS = 2_500;
    private static final long FIRST = 1_767_225_600_000L;
    private static final String GARBAGE = "no JSON";

    private final Commands commands = new Commands();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path directory;

    @Test
    void aTopicIsSampledDraftedAndEvaluated() throws Exception {
        try (TestCluster cluster = new TestCluster(directory, Map.of("topic.partitions", "1"));
                Admin admin = Admin.create(cluster.settings().clients().asMap())) {
            String servers = cluster.settings().clients().bootstrapServers();
            admin.createTopics(Stream.of("page-views", "anonymous", "garbage")
                            .map(topic -> new NewTopic(topic, topic.equals("garbage") ? 1 : 2, (short) 1)
                                    .configs(Map.of("retention.ms", "-1"))) // its records are old
                            .toList())
                    .all()
                    .get();
            cluster.write(views("page-views", true));
            cluster.write(views("anonymous", false));
            cluster.write(List.of(new ProducerRecord<>("garbage", bytes(GARBAGE))));

            Path folder = directory.resolve("views");
            assertThat(init(servers, "page-views", folder)).as(commands.err()).isZero();
            assertThat(commands.out())
                    .containsPattern("rows +2500\\R")
                    .containsPattern("user\\.id +user +the name says user");
            assertThat(commands.out())
                    .contains("live: bin/millrace map --bootstrap-server " + servers + " --config "
                            + folder.resolve("millrace.properties"));
            Path sample = folder.resolve("page-views.jsonl");
            assertThat(Files.readAllLines(sample)).hasSize(VIEWS).first().satisfies(line -> {
                JsonNode row = new ObjectMapper().readTree(line);
                assertThat(row.at("/record/time").asLong()).isEqualTo(FIRST);
                assertThat(row.at("/record/key").asText())
                        .isEqualTo(row.at("/user/id").asText());
            });
            assertThat(Files.readString(folder.resolve("mapping.properties")))
                    .contains(
                            "clicks.files = page-views.jsonl",
                            "clicks.topics = page-views",
                            "clicks.user = user.id",
                            "clicks.item = item",
                            "clicks.time = record.time",
                            "clicks.time.unit = ms",
                            "record.key: the key of the record");

            MillraceSettings drafted =
                    MillraceSettings.load(List.of(folder.resolve("millrace.properties")), Map.of(), Map.of(), Map.of());
            assertThat(drafted.map().topics().names()).containsExactly("page-views");

            assertThat(evaluate(folder)).as(commands.err()).isZero();

            assertThat(init(servers, "page-views", folder)).isEqualTo(2);
            assertThat(commands.err()).contains("which only --force overwrites");
            assertThat(init(servers, "page-views", folder, "--force", "--user", "nobody"))
                    .isEqualTo(2);
            assertThat(sample)
                    .as("what a draft is of stays if the next one fails")
                    .exists();
            assertThat(init(servers, "page-views", folder, "--force")).isZero();

            Path other = directory.resolve("anonymous");
            assertThat(init(servers, "anonymous", other, "--user", "record.key"))
                    .as(commands.err())
                    .isZero();
            assertThat(Files.readString(other.resolve("mapping.properties"))).contains("clicks.user = record.key");

            whatCannotBeSampledIsSaid(servers);
        }
    }

    private void whatCannotBeSampledIsSaid(String servers) throws Exception {
        Path folder = directory.resolve("none");
        assertThat(init(servers, "garbage", folder)).isEqualTo(65);
        assertThat(commands.err())
                .contains(
                        "topic garbage has no value that is an object among its last records; offset 0 of garbage-0: ");
        assertThat(init(servers, "missing", folder)).isEqualTo(69);
        assertThat(commands.err()).isEqualToIgnoringNewLines("topic missing is missing");
        assertThat(folder).isEmptyDirectory();
        assertThat(commands.run("init", "log.csv", "--topic", "page-views")).isEqualTo(2);
        assertThat(commands.err()).contains("LOG = log.csv: must not be given with --topic");
        assertThat(commands.run("init")).isEqualTo(2);
        assertThat(commands.err()).contains("LOG = absent: must be given, or --topic in its place");
    }

    private int init(String servers, String topic, Path folder, String... more) {
        return commands.run(Stream.concat(
                        Stream.of("init", "--topic", topic, "--bootstrap-server", servers, "--out", folder.toString()),
                        Stream.of(more))
                .toArray(String[]::new));
    }

    private int evaluate(Path folder) {
        return commands.run(
                "evaluate",
                "--format",
                "jsonl",
                "--data",
                folder.toString(),
                "--config",
                folder.resolve("millrace.properties").toString(),
                "--set",
                "batch.size=32",
                "--set",
                "tower.dim=8");
    }

    /** Views of 60 users and 80 items, in turn into both partitions; a value that is no JSON among them. */
    private static List<ProducerRecord<byte[], byte[]>> views(String topic, boolean hasUser) {
        Random random = new Random(7);
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int view = 0; view < VIEWS; view++) {
            int user = random.nextInt(60);
            int item = (user % 8) * 10 + random.nextInt(10);
            String value = (hasUser ? "{\"user\":{\"id\":\"u" + user + "\"}," : "{") + "\"item\":\"i" + item + "\"}";
            byte[] written = hasUser ? bytes(value) : framed(value);
            records.add(new ProducerRecord<>(topic, view % 2, FIRST + view * 60_000L, bytes("u" + user), written));
        }
        records.add(new ProducerRecord<>(topic, 0, FIRST, bytes("k"), bytes(GARBAGE)));
        return records;
    }

    /** As the serializer of a schema registry writes it: a zero, and the schema's number, before the JSON. */
    private static byte[] framed(String json) {
        return ByteBuffer.allocate(5 + json.length())
                .put((byte) 0)
                .putInt(7)
                .put(bytes(json))
                .array();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
