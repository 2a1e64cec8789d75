package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ServeProcess;
import dev.millrace.app.TrainProcess;
import dev.millrace.topic.fault.MissingRightException;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A trainer or a server without one of its rights ends, and names it: each right in turn. */
@Tag("slow")
class ProcessRightsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Set<AclOperation> USED =
            Set.of(AclOperation.READ, AclOperation.WRITE, AclOperation.CREATE, AclOperation.DESCRIBE_CONFIGS);

    /** A server answers without these: its page says less. */
    private static final Set<String> READ_FOR_THE_PAGE =
            Set.of("training-progress", "operator-actions", "dead-letters");

    private final Path directory;
    private final List<String> topics = MillraceSettings.load(List.of(), Map.of(), Map.of(), Map.of())
            .topics()
            .names()
            .all();
    private final Commands commands = new Commands();
    private int rounds;

    ProcessRightsIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void aProcessWithoutOneOfItsRightsEndsAndNamesIt() throws Exception {
        try (Grants grants = new Grants(directory, topics)) {
            Map<String, String> everything = Map.of("kafka.bootstrap.servers", grants.bootstrapServers());
            assertThat(commands.run(everything, "topics", "create")).isZero();
            List<String> unnamed = new ArrayList<>();
            for (AccessRights right : usedBy("train", grants)) {
                send(everything);
                Map<String, String> less = grants.of("train", each -> !each.equals(right));
                note(right, TrainerEnd.of(() -> train(less), PATIENCE), unnamed);
            }
            send(everything);
            try (TrainProcess trainer = train(grants.exactly("train"))) {
                await().atMost(PATIENCE)
                        .until(() -> trainer.applications().isAlive()
                                && trainer.progress()
                                        .training()
                                        .filter(progress -> progress.positives() > 0)
                                        .isPresent());
            }
            for (AccessRights right : usedBy("serve", grants)) {
                note(right, serverEnds(grants.of("serve", each -> !each.equals(right))), unnamed);
            }
            assertThat(unnamed).isEmpty();
        }
    }

    /** What a process cannot do without where no broker has lost the end of a transaction, for which it needs ALTER. */
    private static List<AccessRights> usedBy(String command, Grants grants) {
        return grants.documented().stream()
                .filter(right -> right.command().equals(command) && USED.contains(right.operation()))
                .filter(right -> command.equals("train")
                        || (right.operation() == AclOperation.READ
                                && !READ_FOR_THE_PAGE.contains(right.resource().name())))
                .sorted(AccessRights.BEGINNINGS_FIRST)
                .toList();
    }

    private static void note(AccessRights right, String said, List<String> unnamed) {
        System.out.println(right + ": " + said);
        if (!right.isNamedIn(said)) {
            unnamed.add(right + ": " + said);
        }
    }

    /** Why a server with these rights ends. */
    private String serverEnds(Map<String, String> rights) throws Exception {
        Map<String, String> settings = new HashMap<>(rights);
        settings.put("serve.port", "0");
        settings.put("serve.state-dir", directory.resolve("serve").toString());
        try (ServeProcess server = ServeProcess.start(
                MillraceSettings.load(List.of(), Map.of(), Map.of(), settings),
                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
            await().atMost(PATIENCE).until(() -> server.failure().isPresent());
            return server.failure().map(TrainerEnd::said).orElseThrow();
        } catch (MissingRightException missing) {
            return String.valueOf(missing.getMessage());
        } catch (RuntimeException other) {
            return other.toString();
        }
    }

    private TrainProcess train(Map<String, String> rights) {
        Map<String, String> settings = new HashMap<>(rights);
        settings.putAll(Map.of(
                "stream.state-directory",
                directory.resolve("state").toString(),
                "train.http.port",
                "-1",
                "batch.size",
                "4",
                "batch.max-wait",
                "1s",
                "tower.dim",
                "8"));
        return TrainProcess.start(
                MillraceSettings.load(List.of(), Map.of(), Map.of(), settings),
                TrainProcess.From.EVENTS,
                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
    }

    /** What makes a trainer write to each of its topics: clicks, and a record that nobody can read. */
    private void send(Map<String, String> everything) throws Exception {
        String other = "shop.seed=" + ++rounds; // or all would be repeats
        assertThat(commands.run(everything, "replay", "--shop", "--events", "200", "--set", other))
                .as(commands.err())
                .isZero();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", everything.getOrDefault("kafka.bootstrap.servers", "")),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(
                            "clicks", "u".getBytes(StandardCharsets.UTF_8), "nothing".getBytes(StandardCharsets.UTF_8)))
                    .get();
        }
    }
}
