package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.app.MillraceSettings;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.topic.EventProducer;
import dev.millrace.train.TrainingProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A trainer process on a broker, fed with users and items that each come once: {@code -Dfaults.ids=} is twenty times as many. */
@Tag("fault")
@Tag("slow")
class BoundedPipelineIT {
    private static final int IDS = (int) (Long.getLong("faults.ids", 200_000) / 20);
    private static final int WARM = IDS / 5;
    private static final int MAX_ROWS = 1_000;
    private static final long MILLIS_AN_ID = 1_000;
    private static final long MEGABYTE = 1 << 20;

    @Test
    void idsThatComeOnceFillNoMemory(@TempDir Path directory) throws Exception {
        Path state = directory.resolve("state");
        List<String> settings = List.of(
                "topic.partitions=1",
                "stream.state-directory=" + state,
                "stream.state-memory-bytes=" + 64 * MEGABYTE,
                "table.max-rows=" + MAX_ROWS,
                "catalogue.max-unannounced=" + MAX_ROWS,
                "users.expire-after=30m",
                "attribution.window=1m",
                "attribution.deduplication-window=10m",
                "batch.negatives=64",
                "tower.dim=16",
                "exam.budget=0");
        try (ProgramCluster programs = new ProgramCluster(directory)) {
            programs.run("topics", "create", "--set", "topic.partitions=1");
            MillraceProcess trainer = programs.start(settings, "train");
            MillraceSettings own = programs.settings();
            try (ProgressWatch watch = new ProgressWatch(
                            own.clients(),
                            own.topics().names().trainingProgress(),
                            own.cluster().wire());
                    EventProducer producer = own.cluster().producer()) {
                send(producer, 0, WARM);
                awaitLearnt(watch, trainer, WARM);
                long warmBytes = size(state);
                System.out.println("after " + WARM + " ids: " + trainer.residentKilobytes() / 1024 + " MB resident, "
                        + warmBytes / 1024 + " KB in the state directory");
                send(producer, WARM, IDS);
                awaitLearnt(watch, trainer, IDS);

                long fullBytes = size(state);
                long resident = trainer.residentKilobytes() * 1024;
                TrainingProgress progress = watch.training().orElseThrow();
                System.out.println("after " + IDS + " ids: " + resident / MEGABYTE + " MB resident, " + fullBytes / 1024
                        + " KB in the state directory, " + progress.rows() + ", " + progress.items() + " items");
                assertThat(progress.rows().rows()).isLessThanOrEqualTo(2 * MAX_ROWS);
                assertThat(progress.items()).isLessThanOrEqualTo(MAX_ROWS + 128);
                // the heap's limit, 768 MB, 64 MB for RocksDB, and what a JVM, ND4J and RocksDB's libraries take: some
                // 300 MB
                assertThat(resident).isLessThan(1_150 * MEGABYTE);
                // memtables, tables that wait for compaction and the logs of RocksDB, beside some 5 MB that are alive
                assertThat(fullBytes).isLessThan(warmBytes + 64 * MEGABYTE);
            }
        }
    }

    /** An id a second of event time, the last of them now. */
    private static void send(EventProducer producer, int from, int to) {
        long begin = 1_700_000_000_000L;
        for (int id = from; id < to; id++) {
            long time = begin + id * MILLIS_AN_ID;
            Optional<String> shown = Optional.of("e" + id);
            producer.send(new Exposure("e" + id, "user-" + id, "item-" + id, time, 0, Features.NONE));
            producer.send(
                    new Click("c" + id, "user-" + id, "item-" + id, shown, "click", 1, time + 100, 0, Features.NONE));
        }
        producer.flush();
    }

    private static void awaitLearnt(ProgressWatch watch, MillraceProcess trainer, int ids) {
        await().atMost(Duration.ofMinutes(1).plusMillis(5L * ids))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> {
                    assertThat(trainer.isAlive()).as(trainer.output()).isTrue();
                    return watch.training().map(TrainingProgress::positives).orElse(0L) == ids;
                });
    }

    private static long size(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.mapToLong(
                            file -> file.toFile().isFile() ? file.toFile().length() : 0)
                    .sum();
        }
    }
}
