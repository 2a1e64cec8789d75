package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.app.TestCluster;
import dev.millrace.app.TrainProcess;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.topic.EventProducer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A state goes on under the settings it was begun with; what no state depends on may change; audits take the state's own. */
@Tag("slow")
class StateSettingsIT {
    private static final int CLICKS = 200;
    private static final int ITEMS = 20;

    @Test
    void stateGoesOnUnderItsOwnSettingsOnly(@TempDir Path directory) throws Exception {
        Map<String, String> small = Map.of("batch.size", "16", "batch.max-wait", "50ms", "digest.steps", "5");
        Commands commands = new Commands();
        try (TestCluster cluster = new TestCluster(directory, small)) {
            train(cluster, cluster.given(), 0);

            // whether there is local state or not
            assertThat(refused(cluster.given(
                            "popularity.half-life", "5000", "stream.state-directory", directory + "/elsewhere")))
                    .contains("popularity.half-life");
            assertThat(refused(cluster.given("tower.dim", "32")))
                    .contains("tower.dim", "stream.application-id")
                    .doesNotContain("batch.size");
            assertThat(refused(cluster.given("attribution.window", "20m", "history.length", "10")))
                    .containsExactly("attribution.window", "history.length", "stream.application-id");
            Map<String, String> free = cluster.given(
                    "attribution.window", "1800s", // the default, in another unit
                    "attribution.max-ahead", "2h",
                    "alarm.norm-drift", "10",
                    "exam.budget", "2",
                    "publish.max-age.steps", "20",
                    "publish.gate.max-fall", "1",
                    "digest.steps", "10",
                    "batch.max-wait", "20ms",
                    "stream.learn.commit-interval", "50ms");
            train(cluster, free, CLICKS);

            String[] verify = {"verify", "--model", "--counts"};
            assertThat(commands.run(cluster.given("popularity.half-life", "5000", "attribution.window", "2s"), verify))
                    .as(commands.out() + commands.err())
                    .isZero();
            assertThat(commands.out())
                    .contains("same bits: ", "the books agree with the topics")
                    .contains("popularity.half-life = 100000; here 5000", "attribution.window = 30m; here 2s");
        }
    }

    private static List<String> refused(Map<String, String> given) {
        List<String> faults = new ArrayList<>();
        assertThatThrownBy(
                        () -> TestCluster.train(given, TrainProcess.From.EVENTS).close())
                .asInstanceOf(InstanceOfAssertFactories.type(InvalidSettingsException.class))
                .satisfies(refused ->
                        refused.faults().stream().map(SettingFault::path).forEach(faults::add));
        return faults;
    }

    /** Sends clicks on exposures and waits until all are learnt. */
    private static void train(TestCluster cluster, Map<String, String> given, int from) {
        try (TrainProcess process = TestCluster.train(given, TrainProcess.From.EVENTS);
                EventProducer producer = cluster.producer();
                ProgressWatch progress = cluster.progress()) {
            SeededClicks.send(producer, from, from + CLICKS, ITEMS);
            await().atMost(TestCluster.PATIENCE).until(() -> TestCluster.learnt(progress) == from + CLICKS);
            assertThat(process.applications().failure()).isEmpty();
        }
    }
}
