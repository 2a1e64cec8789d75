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
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochMilli(TestCluster.T0));

    private final TestCluster scene;
    private final Cluster cluster;
    private final OperatorLog log;
    private final ServedAnswers answers = new ServedAnswers();

    AnswerReportsIT(@TempDir Path directory) {
        scene = new TestCluster(directory, Map.of());
        cluster = scene.settings().cluster().withPatience(Duration.ofSeconds(10));
        log = new OperatorLog(cluster, new Operator("ann", Operator.HTTP, "192.0.2.7", ""), CLOCK);
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
    void emptyAnswersOfTheTreatmentTakeItBackAndThenNothingIsToldAnyMore() {
        Experiment started = started("empty=0.1");
        try (AnswerReports reports = reports();
                ExperimentDecider decider = new ExperimentDecider(cluster, log, CLOCK)) {
            reports.tellOrWarn(); // begins to count
            answer(Arm.CONTROL, 1_000);
            answer(Arm.TREATMENT, 999);
            reports.tellOrWarn();
            await().atMost(PATIENCE).until(() -> told(started, Arm.TREATMENT) == 999);
            assertThat(decider.look()).contains(started);

            answer(Arm.TREATMENT, 1);
            reports.tellOrWarn();
            Experiment ended = await().atMost(PATIENCE)
                    .until(() -> decider.look().filter(one -> !one.isRunning()), Optional::isPresent)
                    .orElseThrow();

            assertThat(ended.end().map(Experiment.End::result)).contains(Result.ROLLED_BACK);
            assertThat(ended.end().map(Experiment.End::why))
                    .contains("guard: empty = 1.0: must be at most 0.1"); // the control's 1,000 are not the treatment's
            int records = scene.records(cluster.topics().servingProgress()).size();
            answer(Arm.TREATMENT, 1);
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
            answer(Arm.CONTROL, 3);
            admin.deleteTopics(List.of(topic)).all().get();

            reports.tellOrWarn(); // the record is not taken

            answer(Arm.CONTROL, 2);
            new Topics(scene.settings().clients(), scene.settings().topics(), PATIENCE).create();
            reports.tellOrWarn();
            assertThat(told(started, Arm.CONTROL)).isEqualTo(5);
        }
    }

    private Experiment started(String guard) {
        Experiment.Plan plan = new Experiment.Plan(
                        "click", 0.02, 0.05, List.of(10.0), Duration.ofHours(1), Duration.ofMinutes(10))
                .guardedBy(Guard.bounds(List.of(guard)));
        return new ExperimentAdmin(cluster, log).start("trial", "g1", "g2", plan);
    }

    private AnswerReports reports() {
        return new AnswerReports(cluster, () -> GenerationAdmin.history(cluster).latestExperiment(), answers, CLOCK);
    }

    private long told(Experiment experiment, Arm arm) {
        return ServingProgress.sum(experiment, arm, new ProgressLog(cluster).ofServers(), CLOCK.instant())
                .answers();
    }

    /** Answers without an item. */
    private void answer(Arm arm, int count) {
        Answer.Found found = new Answer.Found(
                List.of(),
                new float[] {1},
                arm == Arm.CONTROL ? "g1" : "g2",
                1,
                TestCluster.T0,
                false,
                List.of(),
                Optional.of(new Answer.Assigned("trial", arm)));
        for (int at = 0; at < count; at++) {
            answers.answered(RecallRequest.unseen("u" + at, 1), found, 1, 2, TestCluster.T0);
        }
    }
}
