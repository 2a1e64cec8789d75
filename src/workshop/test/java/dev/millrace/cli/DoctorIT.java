package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.topic.EmbeddedBroker;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster before and after a topic is broken. */
@Tag("slow")
class DoctorIT {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path folder;

    @Test
    void aBrokenTopicIsNamedWithItsRemedy() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"));
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            String servers = broker.bootstrapServers();

            Said empty = run("doctor", "--bootstrap-server", servers);
            assertThat(empty.status).isEqualTo(1);
            assertThat(empty.text)
                    .contains("fail  topics        topic clicks is missing")
                    .contains("mend: millrace topics create --bootstrap-server " + servers);

            Said created = run("topics", "create", "--bootstrap-server", servers, "--output", "json");
            assertThat(created.status).as(created.text).isZero();
            assertThat(new ObjectMapper().readTree(created.text))
                    .hasSizeGreaterThan(5)
                    .allSatisfy(topic ->
                            assertThat(topic.path("created").asBoolean()).isTrue());
            anotherNumberOfPartitionsIsTold(servers);
            Said healthy = run("doctor", "--bootstrap-server", servers);
            assertThat(healthy.status).as(healthy.text).isZero();
            assertThat(healthy.text.lines())
                    .anySatisfy(line -> assertThat(line).startsWith("ok    cluster       1 broker, "))
                    .anySatisfy(line -> assertThat(line).startsWith("ok    topics        "))
                    .anySatisfy(line -> assertThat(line).startsWith("ok    transactions  0 open transactions"))
                    .anySatisfy(
                            line -> assertThat(line).startsWith("warn  versions      brokers are of Kafka 4.3 or 4.4"))
                    .anySatisfy(line -> assertThat(line).startsWith("warn  model         no learner has reported yet"));

            howFarItIsIsShown(servers);
            aReplayTellsWhatItSentToEachTopic(servers);

            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.TOPIC, "item-embeddings"),
                            List.of(new AlterConfigOp(
                                    new ConfigEntry("cleanup.policy", "delete"), AlterConfigOp.OpType.SET))))
                    .all()
                    .get();
            Said broken = run("doctor", "--bootstrap-server", servers, "--output", "json");
            assertThat(broken.status).isEqualTo(1);
            JsonNode findings = new ObjectMapper().readTree(broken.text);
            assertThat(StreamSupport.stream(findings.spliterator(), false)
                            .filter(finding -> finding.path("status").asText().equals("fail")))
                    .singleElement()
                    .satisfies(finding -> {
                        assertThat(finding.path("check").asText()).isEqualTo("topics");
                        assertThat(finding.path("what").asText())
                                .startsWith("topic item-embeddings has cleanup.policy delete: it must be compact");
                        assertThat(finding.path("command").asText()).isNotEmpty();
                    });
        }
    }

    private static void howFarItIsIsShown(String servers) {
        Commands commands = new Commands();
        assertThat(commands.shown("doctor", "--bootstrap-server", servers)).containsPattern("asked 100% .* 6/6 ");
        assertThat(commands.shown("topics", "create", "--bootstrap-server", servers))
                .containsPattern("topics .* created where missing");
        assertThat(commands.shown("transactions", "list", "--bootstrap-server", servers))
                .containsPattern("transactions .* asked for");
    }

    private static void aReplayTellsWhatItSentToEachTopic(String servers) throws Exception {
        Said replay = run("replay", "--shop", "--events", "50", "--bootstrap-server", servers, "--output", "json");
        Map<String, Long> sent = new TreeMap<>();
        new ObjectMapper()
                .readTree(replay.text)
                .forEach(row ->
                        sent.put(row.path("topic").asText(), row.path("sent").asLong()));
        assertThat(sent).containsOnlyKeys("exposures", "clicks", "users", "items");
        assertThat(sent.getOrDefault("exposures", 0L) + sent.getOrDefault("clicks", 0L))
                .isEqualTo(50);
    }

    private static void anotherNumberOfPartitionsIsTold(String servers) {
        String more = "topic.partitions=12";
        String told = "topic clicks has 2 partitions, and the settings ask for 12 (topic.partitions)";

        Said again = run("topics", "create", "--bootstrap-server", servers, "--set", more);
        assertThat(again.status).as(again.err).isZero();
        assertThat(again.text).containsPattern("clicks +false").containsPattern("mini-batches +false");
        assertThat(again.err).contains(told).doesNotContain("mini-batches");

        Said doctor = run("doctor", "--bootstrap-server", servers, "--set", more);
        assertThat(doctor.status).as(doctor.text).isZero();
        assertThat(doctor.text).contains("warn  topics        " + told);
    }

    @Test
    void oneFaultLeavesTheOtherChecksTheirAnswers() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"));
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
                KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id", "elsewhere"),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            String servers = broker.bootstrapServers();
            run("topics", "create", "--bootstrap-server", servers);
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.TOPIC, "dead-letters"),
                            List.of(new AlterConfigOp(
                                    new ConfigEntry("min.insync.replicas", "2"), AlterConfigOp.OpType.SET))))
                    .all()
                    .get();
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("training-progress", new byte[1], new byte[1]))
                    .get();

            Said said = run("doctor", "--bootstrap-server", servers);

            assertThat(said.status).as(said.text).isEqualTo(1);
            assertThat(said.text.lines())
                    .anySatisfy(line -> assertThat(line)
                            .startsWith("fail  cluster       fewer replicas in sync than min.insync.replicas:"
                                    + " dead-letters-0"))
                    .anySatisfy(line -> assertThat(line).startsWith("ok    topics        "))
                    .anySatisfy(line -> assertThat(line).startsWith("ok    transactions  1 open transaction, "))
                    .anySatisfy(line -> assertThat(line)
                            .startsWith("warn  model         not checked: offset 0 of training-progress-0 was not"
                                    + " decided"));
            Said open = run("transactions", "list", "--bootstrap-server", servers, "--output", "json");
            assertThat(open.status).isZero();
            assertThat(new ObjectMapper().readTree(open.text)).singleElement().satisfies(one -> {
                assertThat(one.path("topic").asText()).isEqualTo("training-progress");
                assertThat(one.path("transactionalId").asText()).isEqualTo("elsewhere");
                assertThat(one.path("fate").asText()).isEqualTo("running");
            });
        }
    }

    private record Said(int status, String text, String err) {}

    private static Said run(String... arguments) {
        Commands commands = new Commands();
        return new Said(commands.run(arguments), commands.out(), commands.err());
    }
}
