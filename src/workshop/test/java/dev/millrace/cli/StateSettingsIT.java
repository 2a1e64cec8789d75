package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.TrainProcess;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.wire.AvroWire;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A state goes on under the settings it was begun with; what no state depends on may change; audits take the state's own. */
@Tag("slow")
class StateSettingsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int CLICKS = 200;
    private static final int ITEMS = 20;

    private final Commands commands = new Commands();
    private final Path directory;

    StateSettingsIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void stateGoesOnUnderItsOwnSettingsOnlyAndAuditsTakeThem() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"))) {
            Map<String, String> given = new HashMap<>(Map.of(
                    "kafka.bootstrap.servers", broker.bootstrapServers(),
                    "stream.state-directory", directory.resolve("state").toString(),
                    "train.http.port", "-1",
                    "batch.size", "16",
                    "batch.max-wait", "50ms",
                    "tower.dim", "8",
                    "digest.steps", "5"));
            assertThat(commands.run(given, "topics", "create")).isZero();
            train(given, 0, CLICKS);

            eachSettingThatDiffersIsNamedBeforeAnythingStarts(given);
            localStateIsNotNeededToTell(given);
            freeSettingsMayChange(given);
            auditsTakeTheSettingsOfTheState(given);
        }
    }

    private void eachSettingThatDiffersIsNamedBeforeAnythingStarts(Map<String, String> given) {
        assertThat(refused(changed(given, "tower.dim", "32")))
                .extracting(SettingFault::path)
                .contains("tower.dim", "stream.application-id")
                .doesNotContain("batch.size");
        assertThat(refused(changed(given, "popularity.half-life", "5000")))
                .first()
                .hasToString("popularity.half-life = 5000: must be 100000, as for the state of application millrace");
        assertThat(refused(changed(given, "attribution.window", "20m", "history.length", "10")))
                .extracting(SettingFault::path)
                .containsExactly("attribution.window", "history.length", "stream.application-id");
    }

    private void localStateIsNotNeededToTell(Map<String, String> given) {
        Map<String, String> elsewhere = changed(given, "popularity.half-life", "5000");
        elsewhere.put("stream.state-directory", directory.resolve("elsewhere").toString());

        assertThat(refused(elsewhere)).extracting(SettingFault::path).contains("popularity.half-life");
    }

    private void freeSettingsMayChange(Map<String, String> given) throws Exception {
        Map<String, String> free = changed(
                given,
                "attribution.window",
                "1800s", // the default, in another unit
                "attribution.max-ahead",
                "2h",
                "alarm.norm-drift",
                "10",
                "exam.budget",
                "2",
                "publish.max-age.steps",
                "20",
                "publish.gate.max-fall",
                "1",
                "digest.steps",
                "10",
                "batch.max-wait",
                "20ms",
                "stream.learn.commit-interval",
                "50ms");

        train(free, CLICKS, CLICKS);
    }

    private void auditsTakeTheSettingsOfTheState(Map<String, String> given) {
        Map<String, String> other = changed(
                given,
                "popularity.half-life",
                "5000",
                "tower.dim",
                "16",
                "attribution.window",
                "2s",
                "batch.size",
                "8");

        assertThat(commands.run(other, "verify", "--model", "--counts"))
                .as(commands.out() + commands.err())
                .isZero();
        assertThat(commands.out())
                .contains("same bits: ")
                .contains("the books agree with the topics")
                .contains("  popularity.half-life = 100000; here 5000")
                .contains("  tower.dim = 8; here 16")
                .contains("  attribution.window = 30m; here 2s");

        assertThat(commands.run(given, "verify", "--model", "--counts")).isZero();
        assertThat(commands.out()).doesNotContain("of this command's differ");
    }

    private static List<SettingFault> refused(Map<String, String> given) {
        List<SettingFault> faults = new ArrayList<>();
        assertThatThrownBy(() -> start(given).close())
                .asInstanceOf(InstanceOfAssertFactories.type(InvalidSettingsException.class))
                .satisfies(refused -> faults.addAll(refused.faults()));
        return faults;
    }

    private static Map<String, String> changed(Map<String, String> given, String... keysAndValues) {
        Map<String, String> changed = new HashMap<>(given);
        for (int at = 0; at < keysAndValues.length; at += 2) {
            changed.put(keysAndValues[at], keysAndValues[at + 1]);
        }
        return changed;
    }

    /** Sends clicks on exposures and waits until all are learnt. */
    private static void train(Map<String, String> given, int from, int clicks) throws Exception {
        MillraceSettings settings = settings(given);
        AvroWire wire = new AvroWire(settings.wire());
        try (TrainProcess process = start(given);
                EventProducer producer =
                        new EventProducer(settings.clients(), settings.topics().names(), wire);
                ProgressWatch progress = new ProgressWatch(
                        settings.clients(), settings.topics().names().trainingProgress(), wire)) {
            SeededClicks.send(producer, from, from + clicks, ITEMS);
            await().atMost(PATIENCE).until(() -> progress.training()
                    .filter(training -> training.positives() == from + clicks)
                    .isPresent());
        }
    }

    private static TrainProcess start(Map<String, String> given) {
        return TrainProcess.start(
                settings(given), TrainProcess.From.EVENTS, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
    }

    private static MillraceSettings settings(Map<String, String> given) {
        return MillraceSettings.load(List.of(), Map.of(), Map.of(), given);
    }
}
