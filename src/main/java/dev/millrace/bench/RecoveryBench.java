package dev.millrace.bench;

import dev.millrace.app.MillraceSettings;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.stream.Part;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.Topics;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.ProgressRecords;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Times the recovery of a learner after SIGKILL. The learner is a process of its own with a store of many rows; the broker is in this
 * process.
 *
 * <p>Each round kills the learner, appends one batch and starts the learner again. It takes two times from that start: until Kafka
 * Streams runs, and until the new batch has been learnt.
 */
public final class RecoveryBench {

    private static final Duration PATIENCE = Duration.ofMinutes(15);
    private static final long ROWS_A_SECOND = 2_000; // learnt at the least, on a slow machine
    private static final long ROOM = 2; // for rows, by how many there are
    private static final Pattern READY = Pattern.compile("ready after ([0-9.]+) s, restored ([0-9]+) records");
    private static final Map<String, String> SETTINGS = Map.of(
            "batch.size", "512",
            "batch.negatives", "0",
            "exam.budget", "0",
            "topic.partitions", "1",
            "train.http.port", "-1");

    /**
     * The rounds for a kind of store.
     *
     * @param before rounds for the kinds before it
     * @param all rounds for all kinds
     */
    private record Rounds(int count, int before, int all) {}

    private final Path directory;
    private final List<String> launcher;
    private final BenchReport report;

    /**
     * @param directory for broker and state, empty
     * @param launcher command that runs the program, without arguments
     */
    public RecoveryBench(Path directory, List<String> launcher, BenchReport report) {
        this.directory = directory;
        this.launcher = List.copyOf(launcher);
        this.report = report;
    }

    /**
     * Tells of each round.
     *
     * @param rows of the user table
     * @param rounds of kill and start, for each kind of store
     * @param isTransactionalOnly whether stores without transactions are left out
     */
    public void run(long rows, int rounds, boolean isTransactionalOnly) throws IOException, InterruptedException {
        report.add(new Figures().with("rows", rows));
        int all = isTransactionalOnly ? rounds : 2 * rounds;
        measure(rows, true, new Rounds(rounds, 0, all));
        if (!isTransactionalOnly) {
            measure(rows, false, new Rounds(rounds, rounds, all));
        }
        report.reached("", all, all);
    }

    private void measure(long rows, boolean areStoresTransactional, Rounds rounds)
            throws IOException, InterruptedException {
        Path place = directory.resolve(areStoresTransactional ? "transactional" : "plain");
        try (EmbeddedBroker broker = EmbeddedBroker.start(place.resolve("broker"))) {
            List<String> options = new ArrayList<>(List.of("--bootstrap-server", broker.bootstrapServers()));
            SETTINGS.forEach((key, value) -> options.addAll(List.of("--set", key + "=" + value)));
            options.addAll(List.of("--set", "table.max-rows=" + ROOM * rows));
            options.addAll(List.of("--set", "stream.transactional-stores=" + areStoresTransactional));
            options.addAll(List.of("--set", "stream.state-directory=" + place.resolve("state")));
            Map<String, String> given = new TreeMap<>(SETTINGS);
            given.put("kafka.bootstrap.servers", broker.bootstrapServers());
            MillraceSettings settings = MillraceSettings.load(List.of(), Map.of(), Map.of(), given);
            new Topics(settings.clients(), settings.topics(), PATIENCE).create();
            AvroWire wire = new AvroWire(settings.wire());
            try (SyntheticLog log = new SyntheticLog(
                            settings.clients(),
                            settings.topics().names(),
                            wire,
                            settings.trainer().batch());
                    ProgressWatch progress = new ProgressWatch(
                            settings.clients(),
                            settings.topics().names().trainingProgress(),
                            new ProgressRecords(wire),
                            PartProgress.logLearner(settings.stream().applicationId(Part.LEARN_FROM_LOG)))) {
                long step = log.append(rows);
                report.reached("the table is learnt", rounds.before(), rounds.all());
                Process learner = start(options, place.resolve("learner-0.log"));
                try {
                    await(learner, PATIENCE.plusSeconds(rows / ROWS_A_SECOND), () -> stepOf(progress) >= step);
                    for (int round = 1; round <= rounds.count(); round++) {
                        report.reached("kills", rounds.before() + round - 1, rounds.all());
                        learner.destroyForcibly().waitFor(); // SIGKILL
                        long next = log.append(settings.trainer().batch().size());
                        Path printed = place.resolve("learner-" + round + ".log");
                        long startNanos = System.nanoTime();
                        Process again = start(options, printed);
                        learner = again;
                        await(again, PATIENCE, () -> ready(printed).isPresent());
                        double running = Figures.secondsSince(startNanos);
                        await(again, PATIENCE, () -> stepOf(progress) >= next);
                        double learnt = Figures.secondsSince(startNanos);
                        long restored = ready(printed).orElse(-1L);
                        report.add(
                                "rounds",
                                new Figures()
                                        .with("areStoresTransactional", areStoresTransactional)
                                        .with("round", round)
                                        .with("runningSeconds", running)
                                        .with("learntAgainSeconds", learnt)
                                        .with("restoredRecords", restored));
                        report.print(
                                "rows %,d  transactional stores %s  round %d  running after %.1f s  learnt again after"
                                        + " %.1f s  restored %,d records",
                                rows, areStoresTransactional ? "on" : "off", round, running, learnt, restored);
                    }
                } finally {
                    learner.destroyForcibly().waitFor();
                }
            }
        }
    }

    private Process start(List<String> options, Path printed) throws IOException {
        List<String> command = new ArrayList<>(launcher);
        command.addAll(List.of("train", "--from", "mini-batches"));
        command.addAll(options);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile())
                .start();
    }

    private static long stepOf(ProgressWatch progress) {
        return progress.training().map(TrainingProgress::step).orElse(0L);
    }

    /** Number of records restored, once the process has logged that it is ready. */
    private static Optional<Long> ready(Path printed) {
        try {
            Matcher found = READY.matcher(Files.readString(printed, StandardCharsets.UTF_8));
            return found.find() ? Optional.of(Long.valueOf(found.group(2))) : Optional.empty();
        } catch (IOException notYet) {
            return Optional.empty();
        }
    }

    private static void await(Process learner, Duration patience, BooleanSupplier condition)
            throws IOException, InterruptedException {
        Waiting.until(patience, "the learner", () -> {
            if (!learner.isAlive()) {
                throw new IllegalStateException("the learner ended");
            }
            return condition.getAsBoolean();
        });
    }
}
