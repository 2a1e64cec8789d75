package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.state.Books;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EventProducer;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An experiment on a log that is replayed: its orders are of today, its events of last year. */
@Tag("slow")
class ReplayedExperimentIT {

    private static final Duration PATIENCE = TestCluster.PATIENCE;
    private static final long T0 = TestCluster.T0;
    private static final int VISITS = 2_000;
    private static final Duration SPAN = Duration.ofDays(20); // twenty times attribution.max-skew

    private final TestCluster cluster;

    ReplayedExperimentIT(@TempDir Path directory) {
        cluster = new TestCluster(directory, Map.of("topic.partitions", "1"));
    }

    @AfterEach
    void end() {
        cluster.close();
    }

    /** Kafka Streams reads the earlier of two records first: a state with a time of today would wait until the log's clicks have all been read. */
    @Test
    void stateOfTodayHoldsUpNoExposureOfAnOldLog() throws Exception {
        try (EventProducer producer = cluster.producer();
                ProgressWatch progress = cluster.progress()) {
            Experiment.Plan plan = new Experiment.Plan(
                    "click", 0.02, 0.05, List.of(50.0), Duration.ofHours(1), Duration.ofMinutes(10));
            long now = System.currentTimeMillis();
            Experiment experiment = Experiment.started("old", "g1", "g2", "salt", plan, now);
            List<GenerationFact> facts = List.of(
                    new GenerationFact("g1", Kind.COMPLETE, now, 1, 2, "app"),
                    new GenerationFact("g1", Kind.PROMOTED, now, 1, 2, "app"),
                    new GenerationFact("g2", Kind.COMPLETE, now, 1, 2, "app"),
                    GenerationFact.of(experiment, now, "app"));
            facts.forEach(fact -> producer.send(
                    Topic.GENERATIONS, cluster.settings().topics().names().generations(), fact, fact.at()));
            producer.flush();
            producer.send(experiment, ExperimentReference.to(experiment, facts.size() - 1));
            for (int visit = 0; visit < VISITS; visit++) {
                long time = T0 + visit * (SPAN.toMillis() / VISITS);
                String user = "u" + visit % 100;
                String item = "i" + visit % 50;
                producer.send(new Exposure("e" + visit, user, item, time, time, Features.NONE));
                producer.send(new Click(
                        "c" + visit, user, item, Optional.of("e" + visit), "click", 1, time + 1, time, Features.NONE));
            }
            producer.flush();

            try (StreamRunner trainer = cluster.run()) {
                await().atMost(PATIENCE).untilAsserted(() -> assertThat(
                                account(progress, "exposures").received())
                        .isEqualTo(VISITS + 1));
                await().atMost(PATIENCE).untilAsserted(() -> assertThat(
                                account(progress, "clicks").received())
                        .isEqualTo(VISITS));
            }
            assertThat(account(progress, "clicks").outcomes()).doesNotContainKeys("orphan", "late");
            PartProgress.Counted counted = progress.parts().values().stream()
                    .flatMap(part -> part.experiment().stream())
                    .findFirst()
                    .orElseThrow();
            assertThat(counted.sums().exposures(Arm.CONTROL, 0) + counted.sums().exposures(Arm.TREATMENT, 0))
                    .isEqualTo(VISITS);
        }
    }

    private static Books.Account account(ProgressWatch progress, String topic) {
        return progress.books().getOrDefault(topic, Books.Account.EMPTY);
    }
}
