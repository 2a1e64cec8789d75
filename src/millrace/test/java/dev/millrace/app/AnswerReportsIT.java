package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.experiment.Arm;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Experiment.Result;
import dev.millrace.experiment.Guard;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.operation.Operator;
import dev.millrace.recall.Answer;
import dev.millrace.recall.RecallRequest;
import dev.millrace.serve.ServedAnswers;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.ExperimentAdmin;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.OperatorLog;
import dev.millrace.topic.ProgressLog;
import dev.millrace.topic.Topics;
import dev.millrace.wire.ServingProgress;
import dev.millrace.wire.Topic;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server tells of its answers, on a broker, and what comes of it. */
@Tag("slow")
class AnswerReportsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private Instant now = Instant.ofEpochMilli(TestCluster.T0);
    private final InstantSource clock = () -> now;

    private final TestCluster scene;
    private final Cluster cluster;
    private final OperatorLog log;
    private final ServedAnswers answers = new ServedAnswers();

    AnswerReportsIT(@TempDir Path directory) {
        scene = new TestCluster(directory, Map.of());
        cluster = scene.settings().cluster().withPatience(Duration.ofSeconds(10));
        log = new OperatorLog(cluster, new Operator("ann", Operator.HTTP, "192.0.2.7", ""), clock);
    }

    @BeforeEach
    void twoGenerations() {
        try (EventProducer producer = cluster.producer()) {
            for (String generation : List.of("g1", "g2")) {
                for (Kind kind : List.of(Kind.STARTED, Kind.COMPLETE)) {
                    send(producer, new GenerationFact(generation, kind, TestCluster.T0, 1, 2, "app"));
                }
            }
            send(producer, new GenerationFact("g1", Kind.PROMOTED, TestCluster.T0, 1, 2, "app"));
            producer.flush();
        }
    }

    private void send(EventProducer producer, GenerationFact fact) {
        producer.send(Topic.GENERATIONS, cluster.topics().generations(), fact, fact.at());
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    @Test
    void emptyAnswersOfATreatmentTakeItBack() {
        Experiment started = started("empty=0.1");
        try (AnswerReports reports = reports();
                ExperimentDecider decider = new ExperimentDecider(cluster, log, clock)) {
            reports.tellOrWarn(); // begins to count
            for (int window = 0; window < 2; window++) {
                assertThat(decider.look()).contains(started);
                answer(1_000);
                now = now.plusSeconds(20); // more than a window must last, and than must lie between two
                reports.tellOrWarn();
                now = now.plusSeconds(20);
            }

            Experiment ended = await().atMost(PATIENCE)
                    .until(() -> decider.look().filter(one -> !one.isRunning()), Optional::isPresent)
                    .orElseThrow();

            assertThat(ended.end().map(Experiment.End::result)).contains(Result.ROLLED_BACK);
            assertThat(ended.end().map(Experiment.End::why))
                    .contains("guard: empty = 1.0: must be at most 0.1, and was not in 2 of 2 windows");
            int records = scene.records(cluster.topics().servingProgress()).size();
            answer(1);
            reports.tellOrWarn();
            assertThat(scene.records(cluster.topics().servingProgress())).hasSize(records);
        }
    }

    @Test
    void serverThatCannotTellAnswersOnAndTellsWhenItCan() throws Exception {
        Experiment started = started("empty=0.1");
        String topic = cluster.topics().servingProgress();
        try (AnswerReports reports = reports();
                Admin admin = Admin.create(cluster.clients().asMap())) {
            reports.tellOrWarn();
            answer(3);
            admin.deleteTopics(List.of(topic)).all().get();

            reports.tellOrWarn(); // the record is not taken

            answer(2);
            new Topics(scene.settings().clients(), scene.settings().topics(), PATIENCE).create();
            reports.tellOrWarn();
            assertThat(ServingProgress.history(started, new ProgressLog(cluster).ofServers(), now)
                            .latest()
                            .control()
                            .answers())
                    .isEqualTo(5);
        }
    }

    private Experiment started(String guard) {
        Experiment.Plan plan = new Experiment.Plan(
                        "click", 0.02, 0.05, List.of(10.0), Duration.ofHours(1), Duration.ofMinutes(10))
                .guardedBy(Guard.bounds(List.of(guard)));
        return new ExperimentAdmin(cluster, log).start("trial", "g1", "g2", plan);
    }

    private AnswerReports reports() {
        return new AnswerReports(cluster, () -> GenerationAdmin.history(cluster).latestExperiment(), answers, clock);
    }

    /** Answers each arm, without an item. */
    private void answer(int count) {
        for (int at = 0; at < count; at++) {
            for (Arm arm : Arm.values()) {
                Answer.Found found = new Answer.Found(
                        List.of(),
                        new float[] {1},
                        arm == Arm.CONTROL ? "g1" : "g2",
                        1,
                        TestCluster.T0,
                        false,
                        List.of(),
                        List.of(),
                        Optional.of(new Answer.Assigned("trial", arm)),
                        Optional.empty());
                answers.answered(RecallRequest.unseen(arm.label() + at, 1), found, 1, 2, now.toEpochMilli());
            }
        }
    }
}
