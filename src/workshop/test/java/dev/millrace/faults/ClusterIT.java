package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.cli.MillraceProcess;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.IntBinaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.common.TopicPartitionInfo;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three brokers with three replicas of everything, one of which is killed. */
@Tag("fault")
@Tag("long")
class ClusterIT {

    /** So long that a trainer on a quiet machine still learns when the last broker is killed. */
    private static final SeededStream STREAM = new SeededStream(1, 120_000);

    private static final int REPLICAS = 3;
    private static final int KILLS = Integer.getInteger("faults.kills", 3);

    @Test
    void f42_brokersOfThreeKilledInTurnUnderLoadLoseNothing() throws Exception {
        killed("F42", "one of three brokers", (active, kill) -> 1 + (active + kill % 2) % REPLICAS);
    }

    /** A new one must be elected before any partition has a new leader. */
    @Test
    void f42_killedControllersLoseNothing() throws Exception {
        killed("F42-controller", "the active controller of three brokers", (active, kill) -> active);
    }

    /**
     * Kills one broker after the other. All of them are controllers too.
     *
     * @param choice of the next, given the active controller and the number of the kill, from 0
     */
    private static void killed(String id, String who, IntBinaryOperator choice) throws Exception {
        try (Experiment run = Experiment.beginOnThree(id, who + ": SIGKILL, " + KILLS + " times")) {
            killed(run, choice);
        }
    }

    private static void killed(Experiment run, IntBinaryOperator choice) throws Exception {
        run.set("stream.settle-transactions", Boolean.toString(!Boolean.getBoolean("faults.unsettled")));
        Outcome undisturbed = run.undisturbed(STREAM);
        run.takeCatalogue(MillraceProcess.Launch.PROGRAM);
        run.load(STREAM);
        try (Admin admin = Admin.create(run.settings().clients().asMap())) {
            TrainerProcess trainer = run.train();
            for (int kill = 0; kill < KILLS; kill++) {
                run.awaitPart(undisturbed, kill + 1, KILLS);
                Experiment.awaits("all replicas are in sync", () -> partitions(admin).stream()
                        .allMatch(one -> one.isr().size() == REPLICAS));
                int active = admin.describeMetadataQuorum().quorumInfo().get().leaderId();
                int node = choice.applyAsInt(active, kill);
                long led = partitions(admin).stream()
                        .filter(one -> one.leader() != null && one.leader().id() == node)
                        .count();
                run.broker(node).kill();
                assertThat(run.step()).as("steps learnt at kill " + (kill + 1)).isLessThan(undisturbed.step());
                run.note("broker " + node + " killed, the leader of " + led + " partitions, at step " + run.step());
                TimeUnit.MILLISECONDS.sleep(run.random().nextInt(5_000));
                run.broker(node).startAgain();
                run.note("broker " + node + " started, at step " + run.step());
            }
            run.awaitBooks(undisturbed.books());
            run.note(trainer.output()
                            .lines()
                            .filter(line -> line.contains("Wrote the end of a transaction"))
                            .count()
                    + " lost ends of transactions were written");
        }
        run.judge(undisturbed, Judgement.Demand.SAME_LOG);
    }

    private static List<TopicPartitionInfo> partitions(Admin admin) throws Exception {
        Set<String> topics = admin.listTopics(new ListTopicsOptions().listInternal(true))
                .names()
                .get();
        return admin.describeTopics(topics).allTopicNames().get().values().stream()
                .flatMap(topic -> topic.partitions().stream())
                .toList();
    }
}
