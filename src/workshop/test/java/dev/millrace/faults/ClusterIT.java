package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.cli.MillraceProcess;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
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

    /** Brokers 2 and 3 in turn; the controller stays. */
    @Test
    void f42_brokersOfThreeKilledInTurnUnderLoadLoseNothing() throws Exception {
        try (Experiment run =
                Experiment.beginOnThreeBrokers("F42", "one of three brokers: SIGKILL, " + KILLS + " times", 1)) {
            killed(run, (admin, kill) -> 2 + kill % 2);
        }
    }

    /** Each is a controller too, and the one killed is the active one: a new one must be elected before any partition has a new leader. */
    @Test
    void f42_theActiveControllerOfThreeKilledEachTimeLosesNothing() throws Exception {
        try (Experiment run = Experiment.beginOnThreeControllers(
                "F42-controller", "the active controller of three brokers: SIGKILL, " + KILLS + " times", 1)) {
            killed(
                    run,
                    (admin, kill) ->
                            admin.describeMetadataQuorum().quorumInfo().get().leaderId());
        }
    }

    /** Which broker is killed. */
    private interface Choice {
        int node(Admin admin, int kill) throws Exception;
    }

    private static void killed(Experiment run, Choice choice) throws Exception {
        run.set("stream.settle-transactions", Boolean.toString(!Boolean.getBoolean("faults.unsettled")));
        Outcome undisturbed = run.undisturbed(STREAM);
        run.takeCatalogue(MillraceProcess.Launch.PROGRAM);
        run.load(STREAM);
        try (Admin admin = Admin.create(run.settings().clients().asMap())) {
            assertThat(leastInSync(admin, run.settings().topics().names().trainingExamples()))
                    .isEqualTo("2");
            TrainerProcess trainer = run.train();
            for (int kill = 0; kill < KILLS; kill++) {
                run.awaitStep((long)
                        (undisturbed.step() * (kill + 0.2 + 0.6 * run.random().nextDouble()) / KILLS));
                await("all replicas are in sync").atMost(Experiment.PATIENCE).until(() -> partitions(admin).stream()
                        .allMatch(one -> one.isr().size() == REPLICAS));
                int node = choice.node(admin, kill);
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
                            .filter(line -> line.contains("The brokers lost the end of a transaction"))
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

    /** How many replicas must have a record before it is acknowledged. */
    private static String leastInSync(Admin admin, String topic) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Config config = Objects.requireNonNull(
                admin.describeConfigs(List.of(resource)).all().get().get(resource));
        return config.get("min.insync.replicas").value();
    }
}
