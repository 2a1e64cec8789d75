package dev.millrace.bench;

import dev.millrace.app.MillraceSettings;
import dev.millrace.batch.MiniBatch;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Report;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.stream.Part;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.Topics;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Times the recovery of a learner after SIGKILL. The learner is a process of its own with a store of many rows; the broker is in this
 * process.
 *
 * <p>Each round kills the learner, appends one batch and starts the learner again. It takes two times from that start: until Kafka
 * Streams runs, and until the new batch has been learnt.
 *
 * @param directory for broker and state, empty
 * @param launcher command that runs the program, without arguments
 */
public record RecoveryBench(Path directory, List<String> launcher, Report report) {

    private static final Duration PATIENCE = Duration.ofMinutes(15);
    private static final long ROWS_A_SECOND = 2_000; // learnt at the least, on a slow machine
    private static final int ITEMS = 1_000;
    private static final int BATCH = 512;
    private static final long ROOM = 2; // for rows, by how many users there are
    private static final String LEARNER = "train";
    private static final Pattern READY = Pattern.compile("ready after [0-9.]+ s, restored ([0-9]+) records");

    /**
     * Tells of each round.
     *
     * @param rows of the user table
     * @param rounds of kill and start
     */
    public void run(int rows, int rounds) throws IOException, InterruptedException {
        report.add(new Figures().with("rows", rows));
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"))) {
            Map<String, String> given = new TreeMap<>(Map.of(
                    "kafka.bootstrap.servers",
                    broker.bootstrapServers(),
                    "batch.size",
                    "" + BATCH,
                    "batch.negatives",
                    "0",
                    "exam.budget",
                    "0",
                    "topic.partitions",
                    "1",
                    "table.max-rows",
                    "" + (ITEMS + ROOM * rows),
                    "train.http.port",
                    "-1",
                    "stream.state-directory",
                    directory.resolve("state").toString()));
            MillraceSettings settings = MillraceSettings.load(List.of(), Map.of(), Map.of(), given);
            new Topics(settings.clients(), settings.topics(), PATIENCE).create();
            List<String> command = new ArrayList<>(List.of(LEARNER, "--from", "mini-batches"));
            given.forEach((key, value) -> command.addAll(List.of("--set", key + "=" + value)));
            TopicNames names = settings.topics().names();
            AvroWire wire = new AvroWire(settings.wire());
            try (EventProducer producer = new EventProducer(settings.clients(), names, wire);
                    ProgressWatch progress = new ProgressWatch(
                            settings.clients(),
                            names.trainingProgress(),
                            wire,
                            PartProgress.logLearner(settings.stream().applicationId(Part.LEARN_FROM_LOG)));
                    SeparateProcesses processes = new SeparateProcesses(directory, launcher)) {
                ZipfShop shop = new ZipfShop(ITEMS, rows);
                Consumer<MiniBatch> log =
                        batch -> producer.send(Topic.MINI_BATCHES, names.miniBatches(), batch, ZipfShop.FIRST_TIME);
                shop.begin(log);
                producer.flush();
                report.progress().reached("the table is learnt", 0, rounds);
                processes.start(command, READY);
                awaitStep(shop.step(), progress, processes, PATIENCE.plusSeconds(rows / ROWS_A_SECOND));
                for (int round = 1; round <= rounds; round++) {
                    report.progress().reached("kills", round - 1, rounds);
                    processes.kill(LEARNER);
                    log.accept(shop.nextBatch(BATCH));
                    producer.flush();
                    Stopwatch watch = Stopwatch.start();
                    String restored = processes.start(command, READY);
                    double running = watch.seconds();
                    awaitStep(shop.step(), progress, processes, PATIENCE);
                    report.add(
                            "rounds",
                            new Figures()
                                    .with("round", round)
                                    .with("runningSeconds", running)
                                    .with("learntAgainSeconds", watch.seconds())
                                    .with("restoredRecords", Long.parseLong(restored)));
                }
            }
        }
        report.progress().reached("", rounds, rounds);
    }

    private static void awaitStep(long step, ProgressWatch progress, SeparateProcesses processes, Duration most)
            throws IOException, InterruptedException {
        Stopwatch.await(most, "the learner", () -> {
            processes.requireAll();
            return progress.training().map(TrainingProgress::step).orElse(0L) >= step;
        });
    }
}
