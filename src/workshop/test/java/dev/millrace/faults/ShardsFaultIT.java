package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.app.DisturbedTrainer;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ServeProcess;
import dev.millrace.app.ShardedRun;
import dev.millrace.cli.HttpProbe;
import dev.millrace.cli.MillraceProcess;
import dev.millrace.stream.KillPoint;
import dev.millrace.stream.Part;
import dev.millrace.topic.transaction.Fate;
import dev.millrace.topic.transaction.JudgedTransaction;
import dev.millrace.wire.ModelRound;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Two learners of one model and their base, on two trainers: stopped, killed, slow, away, and with brokers that fail. */
@Tag("fault")
@Tag("long")
class ShardsFaultIT {

    private static final MillraceProcess.Launch HALTING =
            MillraceProcess.Launch.PROGRAM.of(DisturbedTrainer.Halting.class);

    private static final int NOBODY = -1;
    private static final MillraceProcess.Launch SLOW = MillraceProcess.Launch.PROGRAM.of(DisturbedTrainer.Slow.class);

    private final Path directory;

    ShardsFaultIT(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
        this.directory = directory;
    }

    @Test
    void f44_stoppedAndStartedOneByOneWithFourFifthsOfTheEventsInOneShard() throws Exception {
        FaultReport report = report("F44", "trainers: SIGTERM in turn under load; users 80/20 over the shards");
        try (BrokerProcess broker = new BrokerProcess(directory, 0, List.of());
                ShardedRun run = new ShardedRun(directory, broker.address())) {
            run.favourFirstShard(80);
            run.start(0);
            run.start(1);
            run.sendUntilRounds("of both", 10);

            for (int trainer : List.of(0, 1)) {
                run.stop(trainer);
                report.note("trainer " + trainer + " stopped, at round " + run.merged());
                run.sendUntilRounds("without trainer " + trainer, 5);
                run.start(trainer);
                run.sendUntilRounds("with trainer " + trainer + " again", 10);
            }

            run.requireRight();
            double share = (double) run.learnt(0) / (run.learnt(0) + run.learnt(1));
            assertThat(share).as("share of the first shard").isBetween(.75, .85);
            passed(report, run);
        }
    }

    @Test
    void f45_endedBetweenWhatAShardOrTheBaseSentAndItsCommitOrBehindTheCommit() throws Exception {
        FaultReport report = report("F45", "trainer: ends around a commit of its shards, and of its base");
        try (BrokerProcess broker = new BrokerProcess(directory, 0, List.of());
                ShardedRun run = new ShardedRun(directory, broker.address())) {
            for (Part part : List.of(Part.SHARDS, Part.BASE)) {
                for (KillPoint point : List.of(KillPoint.PRODUCED_BEFORE_COMMIT, KillPoint.COMMITTED_BEFORE_STORES)) {
                    halting(run, 0, part, point); // with all tasks
                    report.note(part.suffix() + " ended at " + point + ", at round " + run.merged());
                }
            }
            run.start(1);
            run.sendUntilRounds("by the other trainer", 5);
            halting(run, 0, Part.SHARDS, KillPoint.PRODUCED_BEFORE_COMMIT);
            report.note("a shard ended before its commit, at round " + run.merged() + ", and the other takes over");
            run.sendUntilRounds("after the take-over", 10);

            run.requireRight();
            passed(report, run);
        }
    }

    /** Starts a trainer that ends itself at a point, when it comes there for the fifth time. */
    private static void halting(ShardedRun run, int trainer, Part part, KillPoint point) throws Exception {
        MillraceProcess process = run.start(trainer, HALTING, part.name(), point.name(), "5", "0");
        run.sendUntilEnd(trainer, KillPoint.STATUS);
        assertThat(process.output()).contains(point.announcement());
    }

    /** A fifth of the batches of the other shard, then none at all for 20 rounds. */
    @Test
    void f46_aShardFiveTimesSlowerThanTheOtherThenAwayFor20RoundsHoldsUpNobody() throws Exception {
        FaultReport report = report("F46", "a shard five times slower than the other, then away for 20 rounds");
        try (BrokerProcess broker = new BrokerProcess(directory, 0, List.of());
                ShardedRun run = new ShardedRun(
                        directory,
                        broker.address(),
                        "stream.session-timeout",
                        "10m", // nobody takes over what is away
                        "stream.transaction-timeout",
                        "1m")) { // how long a trainer killed amid a commit holds up the base
            run.start(0);
            Path allowed = directory.resolve("allowed"); // a file would hold up the division of the tasks
            run.start(1, SLOW, allowed.toString());
            run.sendUntil("a shard each", () -> isAt(run.trainerOf(0), 0) != isAt(run.trainerOf(1), 0));
            int slow = isAt(run.trainerOf(0), 1) ? 0 : 1;
            int quick = 1 - slow;

            int quickBefore = run.batches(quick);
            int slowBefore = run.batches(slow);
            int roundsBefore = run.rounds().size();
            run.sendUntil("rounds that do not wait for the slow shard", () -> {
                Files.write(allowed, new byte[(run.batches(quick) - quickBefore) / 5]);
                List<ModelRound> since = since(run, roundsBefore);
                return run.batches(quick) - quickBefore >= 60
                        && run.batches(slow) - slowBefore >= 9
                        && of(quick, since) - of(slow, since) >= 10;
            });
            int slowSince = run.batches(slow) - slowBefore;
            int quickSince = run.batches(quick) - quickBefore;
            List<ModelRound> since = since(run, roundsBefore);
            report.note(quickSince + " batches of one shard and " + slowSince + " of the other in " + since.size()
                    + " rounds, " + of(slow, since) + " of them with deltas of the slow one");
            assertThat(quickSince).as("batches of the quick shard").isGreaterThanOrEqualTo(4 * slowSince);

            run.kill(1);
            run.sendUntil("20 rounds without the shard", () -> {
                List<ModelRound> all = run.rounds();
                List<ModelRound> last = all.subList(all.size() - 20, all.size());
                return of(quick, last) == 20 && of(slow, last) == 0;
            });
            int away = run.rounds().size();
            report.note("away until round " + away);
            run.start(1);
            run.sendUntil("rounds with the shard again", () -> of(slow, since(run, away)) >= 3);
            report.note("back at round " + run.rounds().size());

            run.requireRight();
            passed(report, run);
        }
    }

    /**
     * One broker has {@code model-deltas}, the other one all else. The first is killed when a shard's delta is there and its commit is not asked
     * for, so that the end of the transaction is lost; then the shard dies, and the other trainer. Later the second broker is killed.
     */
    @Test
    void f47_theLostEndOfADeltasTransactionIsWrittenAndBrokersThatAreKilledLoseNoDelta() throws Exception {
        FaultReport report = report("F47", "the end of a delta's transaction lost; broker: SIGKILL and start");
        Path own = Files.createDirectories(directory.resolve("deltas"));
        try (BrokerProcess broker = new BrokerProcess(directory, 0, List.of());
                ShardedRun run = new ShardedRun(directory, broker.address())) {
            run.start(0);
            run.sendUntilRounds("of one trainer", 5);
            MillraceSettings settings = run.settings();
            try (BrokerProcess ofDeltas = broker.join(own, 2, List.of());
                    ServeProcess server =
                            ServeProcess.start(settings, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
                HttpProbe recall = new HttpProbe(server.url());
                run.awaits("the server is ready", recall::isReady);
                ofDeltas.address();
                String deltas = settings.topics().names().modelDeltas();
                moveTo(2, deltas, settings);
                run.set("stream.session-timeout", "2m"); // longer than a trainer is stopped here
                run.set("stream.transaction-timeout", "2m");
                MillraceProcess waits =
                        run.start(1, HALTING, Part.SHARDS.name(), KillPoint.PRODUCED_BEFORE_COMMIT.name(), "3", "30");
                run.sendUntil(
                        "a shard waits before a commit", () -> waits.output().contains("waiting at"));
                waits.signal("STOP");
                ofDeltas.kill();
                run.awaits("no leader of " + deltas, () -> leader(deltas, settings) == NOBODY);
                waits.signal("CONT");
                run.sendUntilEnd(1, KillPoint.STATUS);
                run.kill(0);
                report.note("a shard committed without the broker of " + deltas + ", then both trainers died");
                ofDeltas.startAgain();
                run.awaits("a leader of " + deltas, () -> leader(deltas, settings) != NOBODY);

                List<JudgedTransaction> orphans = settings.transactions().open().stream()
                        .filter(JudgedTransaction::isOrphan)
                        .toList();
                assertThat(orphans.stream().map(one -> one.open().place() + " " + one.fate()))
                        .as("ends that the brokers lost")
                        .isEqualTo(BrokerRelease.losesEnds() ? List.of(deltas + "-0 " + Fate.COMMITTED) : List.of());
                Map.Entry<Integer, String> doctor = run.run("doctor");
                assertThat(doctor.getValue().contains(deltas + "-0")
                                && doctor.getValue().contains("mend: millrace transactions settle"))
                        .as(doctor.getValue())
                        .isEqualTo(BrokerRelease.losesEnds());

                run.set("stream.session-timeout", "6s");
                run.set("stream.transaction-timeout", "10s");
                run.start(0);
                run.awaits("the other trainer writes the end", () -> settings.transactions().open().stream()
                        .noneMatch(JudgedTransaction::isOrphan));
                report.note("the other trainer wrote the end");
                run.start(1); // what else it had begun holds readers up until it ends that
                run.sendUntil("a shard each", () -> isAt(run.trainerOf(0), 0) != isAt(run.trainerOf(1), 0));
                run.sendUntilRounds("of both", 5);
                for (BrokerProcess killed : List.of(ofDeltas, broker)) {
                    killed.kill();
                    report.note("broker killed, at round " + run.merged());
                    killed.startAgain();
                    run.sendUntilRounds("after the broker is back", 10);
                }

                run.requireRight();
                report.note("all is learnt");
                run.awaits(
                        "the server has the last round",
                        () -> recall.readiness().path("step").asLong() == run.lastRound());
                Map<String, float[]> vectors = run.vectors();
                for (String item : vectors.keySet()) {
                    assertThat(Judgement.answersTheNearest(recall, item, vectors))
                            .as("nearest of " + item)
                            .isTrue();
                }
                passed(report, run);
            }
        }
    }

    /** More examples than a delta takes come within a commit, so that deltas end amid it. */
    @Test
    void f48_trainersThatAreFarBehindCatchUpInDeltasThatEndAmidACommit() throws Exception {
        FaultReport report = report("F48", "trainers: far behind, with more than a delta of examples in a commit");
        try (BrokerProcess broker = new BrokerProcess(directory, 0, List.of());
                ShardedRun run = new ShardedRun(
                        directory,
                        broker.address(),
                        "stream.learn.commit-interval",
                        "10s",
                        "stream.transaction-timeout",
                        "2m")) {
            run.send(16_000);
            run.start(0);
            run.requireRight();
            long full = run.rounds().stream()
                    .flatMap(round -> round.deltas().stream())
                    .map(delta ->
                            delta.origin().shard() + " on " + delta.origin().round())
                    .collect(Collectors.groupingBy(origin -> origin, Collectors.counting()))
                    .values()
                    .stream()
                    .mapToLong(deltas -> deltas - 1)
                    .sum();
            report.note(full + " deltas ended amid a commit");
            assertThat(full)
                    .as("deltas of a shard that were followed by one on the same round")
                    .isPositive();
            passed(report, run);
        }
    }

    private static void moveTo(int broker, String topic, MillraceSettings settings) throws Exception {
        try (Admin admin = Admin.create(settings.clients().asMap())) {
            admin.alterPartitionReassignments(Map.of(
                            new TopicPartition(topic, 0), Optional.of(new NewPartitionReassignment(List.of(broker)))))
                    .all()
                    .get();
        }
        Experiment.awaits(topic + " is on broker " + broker, () -> leader(topic, settings) == broker);
    }

    private static int leader(String topic, MillraceSettings settings) throws Exception {
        try (Admin admin = Admin.create(settings.clients().asMap())) {
            Node leader = admin.describeTopics(List.of(topic)).allTopicNames().get().values().stream()
                    .flatMap(described ->
                            Optional.ofNullable(described.partitions().get(0).leader()).stream())
                    .findFirst()
                    .orElse(Node.noNode());
            return leader.isEmpty() ? NOBODY : leader.id();
        }
    }

    private static List<ModelRound> since(ShardedRun run, int before) {
        return run.rounds().subList(before, run.rounds().size());
    }

    private static boolean isAt(Optional<Integer> trainer, int expected) {
        return trainer.filter(one -> one == expected).isPresent();
    }

    /** Returns how many rounds have deltas of a shard. */
    private static long of(int shard, List<ModelRound> rounds) {
        return rounds.stream()
                .filter(round ->
                        round.deltas().stream().anyMatch(delta -> delta.origin().shard() == shard))
                .count();
    }

    private static FaultReport report(String id, String what) {
        return new FaultReport(id, what, Experiment.SEED);
    }

    private static void passed(FaultReport report, ShardedRun run) {
        report.print(
                (run.learnt(0) + run.learnt(1)) + " clicks learnt once each in " + run.merged()
                        + " rounds; replay: same deltas, rounds and vectors",
                List.of());
    }
}
