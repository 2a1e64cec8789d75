package dev.millrace.stream.run;

import static dev.millrace.stream.run.AttributionScene.GROUP;
import static dev.millrace.stream.run.AttributionScene.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.ClusterAdmin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.Topology;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator, or retention, can take away from a trainer, and what the trainer says then. */
class ContinuityIT {

    private final AttributionScene scene;

    ContinuityIT(@TempDir Path directory) {
        scene = new AttributionScene(directory);
    }

    @AfterEach
    void close() {
        scene.close();
    }

    @Test
    void aBrokenApplicationLetsNoOtherBegin() {
        scene.send(10);
        run(10);
        scene.send(30);
        delete(20);
        ContinuityCheck check = new ContinuityCheck(scene.cluster, PATIENCE);
        Map<String, Topology> applications = Map.of("a-new-one", scene.topology(), GROUP, scene.topology());

        assertThatThrownBy(() -> check.beforeStart(applications))
                .isInstanceOf(LostContinuityException.class)
                .hasMessageStartingWith("group " + GROUP + " stands at offset 10");
        assertThat(begun("a-new-one")).isEmpty();

        check.beforeStart(Map.of("a-new-one", scene.topology()));
        assertThat(begun("a-new-one")).containsKey(scene.exposures);
    }

    @Test
    void recordsDeletedWhileItRunsStopIt() throws Exception {
        for (int at = 0; at < 3000; at++) {
            scene.send(1); // a batch each, and one batch a fetch: the trainer is behind for long enough
        }
        ClientSettings slow = new ClientSettings(new TreeMap<>(Map.of(
                "bootstrap.servers", scene.clients.bootstrapServers(),
                "max.partition.fetch.bytes", "1",
                "fetch.max.bytes", "1",
                "max.poll.records", "1")));
        try (StreamRunner runner = scene.runner(slow, "state")) {
            runner.start();
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).until(() -> scene.committed() > 0);
            delete(3000);

            await().atMost(PATIENCE).until(() -> !runner.isAlive());
            assertThat(runner.failure()).get().isInstanceOfSatisfying(LostContinuityException.class, lost -> assertThat(
                            lost.faults())
                    .singleElement()
                    .satisfies(fault -> assertThat(fault)
                            .contains("of exposures-0, which begins at 3000:", "offsets are gone", "retention")));
        }
    }

    @Test
    void twoFirstStartsAtOnceBothRunAndCountEachEventOnce() throws Exception {
        scene.send(50);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (StreamRunner one = scene.runner("one");
                StreamRunner two = scene.runner("two")) {
            List<Future<?>> starts = List.of(threads.submit(one::start), threads.submit(two::start));
            for (Future<?> start : starts) {
                start.get(60, TimeUnit.SECONDS);
            }
            await().atMost(PATIENCE).until(() -> scene.committed() == 50);
            await().atMost(PATIENCE).until(() -> one.isReady() && two.isReady());
        } finally {
            threads.shutdownNow();
        }
    }

    /** Runs a trainer until it has read so far. */
    private void run(int until) {
        try (StreamRunner runner = scene.runner("state")) {
            runner.start();
            await().atMost(PATIENCE).until(() -> scene.committed() == until);
            assertThat(runner.failure()).isEmpty();
        }
    }

    private Map<TopicPartition, OffsetAndMetadata> begun(String group) {
        return scene.cluster.ask(admin -> ClusterAdmin.committed(admin, group));
    }

    private void delete(long before) {
        scene.cluster.ask(admin -> admin.deleteRecords(Map.of(scene.exposures, RecordsToDelete.beforeOffset(before)))
                .all()
                .get());
    }
}
