package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.TrainProcess;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A learner that goes on elsewhere, and the transactions that it may leave: whoever sees to them needs each right that is listed, and is told which is missing. */
@Tag("slow")
class LogLearnerRightsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String FROM_LOG = "train --from mini-batches";
    private static final String OPEN = "user-features-0";

    private final Path directory;
    private final Map<String, String> learner;
    private final List<String> topics = MillraceSettings.load(List.of(), Map.of(), Map.of(), Map.of())
            .topics()
            .names()
            .all();
    private final Commands commands = new Commands();
    private final List<String> unnamed = new ArrayList<>();
    private int rounds;

    LogLearnerRightsIT(@TempDir Path directory) {
        this.directory = directory;
        this.learner = Map.of(
                "stream.state-directory", directory.resolve("state").toString(),
                "train.http.port", "-1",
                "batch.size", "4",
                "batch.max-wait", "1s",
                "tower.dim", "8");
    }

    @Test
    void whatGoesOnWithALearnerNamesTheRightThatItLacks() throws Exception {
        try (Grants grants = new Grants(directory, topics)) {
            Map<String, String> everything = Map.of("kafka.bootstrap.servers", grants.bootstrapServers());
            String generation = generationIsPublished(everything);

            aLearnerIsMoved(grants, generation);
            aLearnerLearnsFromTheLog(grants);
            initReadsTheTopicThatItIsTold(grants);
            openTransactionsAreLookedFor(grants);

            assertThat(unnamed).isEmpty();
        }
    }

    private String generationIsPublished(Map<String, String> everything) throws Exception {
        assertThat(commands.run(everything, "topics", "create")).isZero();
        assertThat(commands.run(everything, "replay", "--shop", "--events", "200"))
                .isZero();
        try (TrainProcess trainer = train(with(everything, learner), TrainProcess.From.EVENTS)) {
            await().atMost(PATIENCE)
                    .until(() -> trainer.applications().lag() == 0
                            && trainer.progress()
                                    .training()
                                    .filter(progress -> progress.positives() > 0)
                                    .isPresent());
            return await().atMost(PATIENCE)
                    .until(
                            () -> {
                                assertThat(trainer.applications().failure()).isEmpty();
                                assertThat(commands.run(everything, "model", "list"))
                                        .isZero();
                                return commands.out()
                                        .lines()
                                        .filter(line -> line.matches("g\\d+-.*"))
                                        .findFirst();
                            },
                            Optional::isPresent)
                    .orElseThrow()
                    .split(" ", 2)[0];
        }
    }

    private void aLearnerIsMoved(Grants grants, String generation) throws Exception {
        String file = directory.resolve("learner").toString();
        needsEach(grants, "model export", learner, "model", "export", "--out", file);
        needsEach(grants, "model hand-over", learner, "model", "hand-over", generation, "--to", "another");
        for (List<AccessRights> missing : AccessRights.inTurn("model import", grants.documented())) {
            if (missing.stream().noneMatch(LogLearnerRightsIT::isForALostEnd)) {
                note(
                        missing,
                        () -> said(
                                with(grants.of("model import", each -> !missing.contains(each)), moved()),
                                "model",
                                "import",
                                "--in",
                                file));
            }
        }
        assertThat(commands.run(with(grants.exactly("model import"), moved()), "model", "import", "--in", file))
                .as(commands.err())
                .isZero();
        assertThat(commands.out()).containsPattern("publishes +" + generation);
    }

    /** Settings of an application that never was: a round that comes far begins it. */
    private Map<String, String> moved() {
        return with(
                learner,
                Map.of("stream.application-id", "millrace-moved-" + ++rounds, "stream.from-log.publish", "true"));
    }

    private void aLearnerLearnsFromTheLog(Grants grants) throws Exception {
        Map<String, String> other = with(
                learner,
                Map.of(
                        "stream.application-id", "millrace-other",
                        "stream.from-log.publish", "true",
                        "tower.dim", "16"));
        Map<String, String> refusing = with(
                other,
                Map.of(
                        "stream.application-id", "millrace-refusing",
                        "model.generation", "refusing",
                        "optimiser.refuse-gradient-norm", "1e-9"));
        for (List<AccessRights> missing : AccessRights.inTurn(FROM_LOG, grants.documented())) {
            boolean isOfALetter = missing.stream()
                    .anyMatch(right -> right.operation() == AclOperation.WRITE
                            && right.resource().name().equals("dead-letters"));
            if (missing.stream().noneMatch(LogLearnerRightsIT::isForALostEnd)) {
                note(missing, () -> {
                    Map<String, String> less =
                            with(grants.of(FROM_LOG, each -> !missing.contains(each)), isOfALetter ? refusing : other);
                    return TrainerEnd.of(() -> train(less, TrainProcess.From.MINI_BATCHES), PATIENCE);
                });
            }
        }
        try (TrainProcess trainer = train(with(grants.exactly(FROM_LOG), other), TrainProcess.From.MINI_BATCHES)) {
            await().atMost(PATIENCE)
                    .until(() -> trainer.applications().isAlive()
                            && trainer.progress().training().isPresent());
        }
    }

    /** No broker here loses the end of a transaction, which a learner then writes. */
    private static boolean isForALostEnd(AccessRights right) {
        return right.resource().resourceType() == ResourceType.CLUSTER;
    }

    private void openTransactionsAreLookedFor(Grants grants) throws Exception {
        String[] abort = {"transactions", "settle", "--force-abort", OPEN};
        try (Producer<byte[], byte[]> stuck = grants.openTransaction("millrace-stuck", PATIENCE.multipliedBy(5));
                Admin admin = Admin.create(Map.of("bootstrap.servers", grants.bootstrapServers()))) {
            for (String command : List.of("list", "settle")) {
                needsEach(grants, "transactions " + command, Map.of(), "transactions", command);
                assertThat(commands.out()).contains(OPEN, "millrace-stuck", "running");
            }

            admin.deleteTopics(List.of("__transaction_state")).all().get(); // nobody knows the transaction any more
            Map<String, String> looking = grants.exactly("transactions list");
            await().atMost(PATIENCE)
                    .until(() -> said(looking, "transactions", "list"), said -> said.contains("undecided"));
            assertThat(said(
                            grants.of(
                                    "doctor", right -> !right.resource().name().equals("__consumer_offsets")),
                            "doctor"))
                    .startsWith("1 ")
                    .contains("fail  transactions  ", "warn  transactions  not checked: the cluster does not allow ");
            note(
                    grants.documented().stream()
                            .filter(right -> right.command().equals("transactions settle") && isForALostEnd(right))
                            .toList(),
                    () -> said(grants.of("transactions settle", each -> !isForALostEnd(each)), abort));
            assertThat(commands.run(grants.exactly("transactions settle"), abort))
                    .as(commands.err())
                    .isZero();
            assertThat(commands.out()).contains("none is open");
        }
    }

    /** It may read any topic, and so none is listed. */
    private void initReadsTheTopicThatItIsTold(Grants grants) throws Exception {
        String[] init = {
            "init", "--topic", "clicks", "--out", directory.resolve("draft").toString()
        };

        assertThat(said(grants.exactly("replay"), init)).contains("77 the cluster does not allow READ on topic clicks");
        assertThat(said(
                        grants.of(
                                "train",
                                right -> right.operation() == AclOperation.READ
                                        && right.resource().name().equals("clicks")),
                        init))
                .startsWith("65 ")
                .contains("no value that is a JSON object");
    }

    /** The command without one right after the other, and then with all of them. */
    private void needsEach(Grants grants, String command, Map<String, String> settings, String... arguments)
            throws Exception {
        for (List<AccessRights> missing : AccessRights.inTurn(command, grants.documented())) {
            if (missing.stream().noneMatch(LogLearnerRightsIT::isForALostEnd)) {
                note(
                        missing,
                        () -> said(with(grants.of(command, each -> !missing.contains(each)), settings), arguments));
            }
        }
        assertThat(commands.run(with(grants.exactly(command), settings), arguments))
                .as(command + ": " + commands.err())
                .isZero();
    }

    private String said(Map<String, String> settings, String... arguments) {
        int status = commands.run(settings, arguments);
        return status + " " + commands.out() + commands.err();
    }

    private interface Attempt {
        String said() throws Exception;
    }

    private void note(List<AccessRights> missing, Attempt attempt) throws Exception {
        String said = attempt.said();
        System.out.println(missing + ": " + said);
        if (!missing.stream().allMatch(right -> right.isNamedIn(said) || isToldWhose(right, said))) {
            unnamed.add(missing + ": " + said);
        }
    }

    /** Who may not ask for a transaction is shown it without its fate. */
    private static boolean isToldWhose(AccessRights right, String said) {
        return right.command().startsWith("transactions")
                && right.resource().resourceType() == ResourceType.TRANSACTIONAL_ID
                && said.startsWith("1 ")
                && said.contains("no coordinator that this process may ask knows the producer");
    }

    private static TrainProcess train(Map<String, String> settings, TrainProcess.From from) {
        return TrainProcess.start(
                MillraceSettings.load(List.of(), Map.of(), Map.of(), settings),
                from,
                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
    }

    private static Map<String, String> with(Map<String, String> settings, Map<String, String> more) {
        Map<String, String> all = new HashMap<>(settings);
        all.putAll(more);
        return all;
    }
}
