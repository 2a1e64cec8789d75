package dev.millrace.stream.run;

import static dev.millrace.stream.run.AttributionScene.GROUP;
import static dev.millrace.stream.run.AttributionScene.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.stream.Streams;
import dev.millrace.topic.TopicFollower;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a trainer comes back, and how another takes over. */
class RecoveryIT {

    private final Path directory;
    private final AttributionScene scene;

    RecoveryIT(@TempDir Path directory) {
        this.directory = directory;
        scene = new AttributionScene(directory);
    }

    @AfterEach
    void close() {
        scene.close();
    }

    @Test
    void aCleanStopLeavesTheGroupAndAnotherGoesOnAtOnce() throws Exception {
        // the session is far longer than the patience: whoever waits for it fails
        String[] longSession = {"stream.session-timeout", "20m"};
        try (StreamRunner one = start("one", longSession)) {
            scene.send(10);
            await().atMost(PATIENCE).until(() -> scene.committed() == 10);
        }
        assertThat(members()).isEmpty();

        try (StreamRunner two = start("two", longSession)) {
            scene.send(10);
            await().atMost(PATIENCE).until(() -> scene.committed() == 20);
            assertThat(two.failure()).isEmpty();
        }
    }

    @Test
    void oneThatWasGivenItsNameKeepsItsPlaceOverAStop() throws Exception {
        String[] named = {"stream.session-timeout", "20m", "stream.instance-id", "rack-7"};
        try (StreamRunner one = start("one", named)) {
            scene.send(10);
            await().atMost(PATIENCE).until(() -> scene.committed() == 10);
        }
        assertThat(members()).containsExactly("rack-7-1");

        try (StreamRunner again = start("one", named)) {
            scene.send(10);
            await().atMost(PATIENCE).until(() -> scene.committed() == 20);
            assertThat(again.failure()).isEmpty();
        }
    }

    @Test
    void damagedStateIsRestoredFromItsChangelog() throws Exception {
        try (StreamRunner one = start("one")) {
            scene.send(200);
            await().atMost(PATIENCE).until(() -> scene.committed() == 200);
        }
        List<Path> tables = tables(directory.resolve("one"));
        assertThat(tables).isNotEmpty();
        for (Path table : tables) {
            byte[] bytes = Files.readAllBytes(table);
            bytes[bytes.length / 4] ^= 1;
            Files.write(table, bytes);
        }

        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        Map<String, PartProgress> parts = new ConcurrentHashMap<>();
        try (StreamRunner again = scene.runner("one");
                TopicFollower follower =
                        TopicFollower.start(scene.clients, scene.topics.trainingProgress(), record -> Streams.wire()
                                .decode(Topic.TRAINING_PROGRESS, record)
                                .ifPresent(part -> parts.put(part.part(), part)))) {
            again.bindTo(meters);
            again.start();
            assertThat(again.awaitRunning(PATIENCE)).isTrue();
            scene.send(10);
            await().atMost(PATIENCE)
                    .until(() -> Books.Account.of(
                                            InputTopic.EXPOSURES,
                                            Books.sum(parts.values().stream().map(PartProgress::books)))
                                    .received()
                            == 210);
            assertThat(follower.failure()).isEmpty();
            assertThat(meters.get("millrace.restored.records").functionCounter().count())
                    .isGreaterThanOrEqualTo(200);
        }
    }

    @Test
    void aBrokerThatIsAwayForAWhileIsWaitedFor() throws Exception {
        try (StreamRunner runner = start("one")) {
            scene.send(10);
            await().atMost(PATIENCE).until(() -> scene.committed() == 10);

            scene.broker.close();
            await().atMost(PATIENCE).until(() -> !runner.isReady());
            assertThat(runner.isAlive()).isTrue();
            assertThat(runner.states()).containsEntry("attribute", "running"); // so it is not Streams that tells

            scene.restart();
            assertThat(scene.broker.bootstrapServers()).isEqualTo(scene.clients.bootstrapServers());
            scene.send(10);
            await().atMost(PATIENCE).until(() -> scene.committed() == 20 && runner.isReady());
            await().atMost(PATIENCE).until(() -> runner.lag() == 0);
            assertThat(runner.failure()).isEmpty();
        }
    }

    private StreamRunner start(String state, String... settings) throws InterruptedException {
        StreamRunner runner = scene.runner(state, settings);
        runner.start();
        assertThat(runner.awaitRunning(PATIENCE)).isTrue();
        return runner;
    }

    private List<String> members() {
        return scene.cluster.ask(admin -> admin.describeConsumerGroups(List.of(GROUP)).all().get().values().stream()
                .flatMap(group -> group.members().stream())
                .map(member -> member.groupInstanceId().orElse("none"))
                .toList());
    }

    private static List<Path> tables(Path state) throws IOException {
        try (Stream<Path> files = Files.walk(state)) {
            return files.filter(file -> file.toString().endsWith(".sst")).toList();
        }
    }
}
