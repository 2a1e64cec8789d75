package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.settings.SettingsReader;
import dev.millrace.stream.Streams;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.WireSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

    private final Path directory;

    BoundedPipelineIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void idsThatComeOnceFillNeitherTheTrainersMemoryNorItsDirectory() throws Exception {
        try (MillraceProcess broker = MillraceProcess.start(directory, "broker", "broker", "--port", "0")) {
            String bootstrap = broker.awaitOutput("broker (\\S+:\\d+),");
            try (MillraceProcess topics = MillraceProcess.start(
                    directory,
                    "topics",
                    "topics",
                    "create",
                    "--bootstrap-server",
                    bootstrap,
                    "--set",
                    "topic.partitions=1")) {
                assertThat(topics.awaitExit(Duration.ofSeconds(60)))
                        .as(topics.output())
                        .isZero();
            }
            ClientSettings clients = ClientSettings.of(bootstrap);
            TopicNames names = TopicNames.read(new SettingsReader(Map.of()));
            AvroWire wire = new AvroWire(new WireSettings(
                    WireSettings.Format.SINGLE_OBJECT, Optional.empty(), "", Optional.empty(), Streams.limits()));
            try (MillraceProcess trainer = startTrainer(bootstrap);
                    ProgressWatch watch = new ProgressWatch(clients, names.trainingProgress(), wire);
                    EventProducer producer = new EventProducer(clients, names, wire)) {
                send(producer, 0, WARM);
                awaitLearnt(watch, trainer, WARM);
                Figures warm = figures(trainer, "after " + WARM + " ids");
                send(producer, WARM, IDS);
                awaitLearnt(watch, trainer, IDS);
                Figures full = figures(trainer, "after " + IDS + " ids");

                TrainingProgress progress = watch.training().orElseThrow();
                System.out.println(progress.rows() + ", " + progress.items() + " items");
                assertThat(progress.rows().rows()).isLessThanOrEqualTo(2 * MAX_ROWS);
                assertThat(progress.items()).isLessThanOrEqualTo(MAX_ROWS + 128);
                assumeThat(full.residentBytes()).as("VmRSS is known here").isPositive();
                // the heap's limit, 768 MB, 64 MB for RocksDB, and what a JVM, ND4J and RocksDB's libraries take: some
                // 300 MB
                assertThat(full.residentBytes()).isLessThan(1_150 * MEGABYTE);
                // memtables, tables that wait for compaction and the logs of RocksDB, beside some 5 MB that are alive
                assertThat(full.directoryBytes()).isLessThan(warm.directoryBytes() + 64 * MEGABYTE);
            }
        }
    }

    private MillraceProcess startTrainer(String bootstrap) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("train", "--bootstrap-server", bootstrap));
        for (String setting : List.of(
                "topic.partitions=1",
                "stream.state-directory=state",
                "stream.state-memory-bytes=" + 64 * MEGABYTE,
                "table.max-rows=" + MAX_ROWS,
                "catalogue.max-unannounced=" + MAX_ROWS,
                "users.expire-after=30m",
                "attribution.window=1m",
                "attribution.deduplication-window=10m",
                "batch.negatives=64",
                "tower.dim=16",
                "exam.budget=0")) {
            arguments.addAll(List.of("--set", setting));
        }
        return MillraceProcess.start(directory, "train", arguments.toArray(String[]::new));
    }

    /** An id a second of event time, the last of them now. */
    private static void send(EventProducer producer, int from, int to) {
        long begin = 1_700_000_000_000L;
        for (int id = from; id < to; id++) {
            long time = begin + id * MILLIS_AN_ID;
            producer.send(new Exposure("e" + id, "user-" + id, "item-" + id, time, 0, Features.NONE));
            producer.send(new Click(
                    "c" + id,
                    "user-" + id,
                    "item-" + id,
                    Optional.of("e" + id),
                    "click",
                    1,
                    time + 100,
                    0,
                    Features.NONE));
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

    private Figures figures(MillraceProcess trainer, String when) throws IOException {
        Figures figures = new Figures(resident(trainer.id()), size(directory.resolve("state")));
        System.out.printf(
                "%s: %d MB resident, %d KB in the state directory%n",
                when, figures.residentBytes() / MEGABYTE, figures.directoryBytes() / 1024);
        return figures;
    }

    /** As Linux says it; 0 elsewhere. */
    private static long resident(long process) throws IOException {
        Path status = Path.of("/proc", Long.toString(process), "status");
        if (!Files.exists(status)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(status)) {
            return 1024
                    * lines.filter(line -> line.startsWith("VmRSS:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .sum();
        }
    }

    private static long size(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(BoundedPipelineIT::length)
                    .sum();
        }
    }

    private static long length(Path file) {
        try {
            return Files.size(file);
        } catch (NoSuchFileException compacted) {
            return 0;
        } catch (IOException unreadable) {
            throw new java.io.UncheckedIOException(unreadable);
        }
    }

    /**
     * What the trainer takes.
     *
     * @param residentBytes of its process
     * @param directoryBytes of its state directory
     */
    private record Figures(long residentBytes, long directoryBytes) {}
}
