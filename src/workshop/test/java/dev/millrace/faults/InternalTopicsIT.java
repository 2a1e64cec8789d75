package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.cli.MillraceProcess;
import dev.millrace.state.Books;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Topics and groups that somebody, or retention, took from under a trainer: what it says, and that it mends nothing by itself. */
@Tag("fault")
@Tag("slow")
class InternalTopicsIT {

    private static final SeededStream STREAM = new SeededStream(1, 20_000);
    private static final SeededStream SHORT_STREAM = new SeededStream(1, 4_000);

    /** Steps behind which there is something to lose: the catalogue alone makes some. */
    private static final long A_FEW = 25;

    private static final int REFUSED = 1;
    private static final int UNAVAILABLE = 69;
    private static final String ATTRIBUTE = "millrace-attribute";
    private static final String LEARN = "millrace-learn";
    private static final String FROM_LOG = "millrace-learn-from-log";
    private static final String LEARNER = "millrace-learn-learner-changelog";

    @Test
    void f36_aChangelogThatWasDeletedRefusesTheStart() throws Exception {
        try (Experiment run = Experiment.begin("F36-changelog", "a changelog deleted", 1);
                Admin admin = admin(run)) {
            runUpTo(run, SHORT_STREAM, A_FEW);

            admin.deleteTopics(List.of(LEARNER)).all().get();
            await().until(() -> !Cluster.of(admin).partitions().containsKey(LEARNER));
            run.note(LEARNER + " deleted");

            refuses(run, admin, REFUSED, "changelog " + LEARNER + " is gone");
            run.passed("refused twice, with the remedy; nothing made again");
        }
    }

    @Test
    @Tag("long")
    void f36_aChangelogSetToDeleteRefusesTheStart() throws Exception {
        String changelog = "millrace-attribute-attribution-changelog";
        try (Experiment run = Experiment.begin("F36-policy", "a changelog's cleanup.policy set to delete", 1);
                Admin admin = admin(run)) {
            Outcome undisturbed = runUpToAFifth(run);

            // entries have the time of old events: without the second, the broker may delete some before they are
            // refused
            configure(admin, changelog, Map.of("cleanup.policy", "delete", "retention.ms", "-1"));
            run.note("cleanup.policy of " + changelog + " is delete");
            refuses(run, admin, REFUSED, "changelog " + changelog + " has cleanup.policy delete");
            configure(admin, changelog, Map.of("cleanup.policy", "compact"));
            run.note("set back, as told");
            run.train().awaitReady();

            run.judge(undisturbed, Judgement.Demand.SAME_LOG);
        }
    }

    @Test
    @Tag("long")
    void f36_partitionsThatWereAddedRefuseTheStart() throws Exception {
        try (Experiment run = Experiment.begin("F36-partitions", "partitions added to inputs", 1);
                Admin admin = admin(run)) {
            runUpTo(run, SHORT_STREAM, A_FEW);

            addAPartition(admin, "exposures");
            run.note("a partition added to exposures alone");
            refuses(run, admin, UNAVAILABLE, "topic clicks has 1 partitions and exposures has 2");

            addAPartition(admin, "clicks");
            addAPartition(admin, "users");
            addAPartition(admin, "items");
            run.note("a partition added to clicks, users and items too");
            List<String> faults = new ArrayList<>();
            for (String topic : List.of("clicks", "exposures", "items", "users")) {
                faults.add(topic + "-1 is new to group " + ATTRIBUTE);
            }
            for (String store : List.of("attribution", "attribution-books", "item-books")) {
                faults.add("changelog millrace-attribute-" + store + "-changelog has 1 partitions and needs 2");
            }
            refuses(run, admin, REFUSED, faults.toArray(String[]::new));
            run.passed("refused, all " + faults.size() + " faults together; no changelog was given a partition");
        }
    }

    @Test
    @Tag("long")
    void f36_aDeletedGroupRefusesTheStart() throws Exception {
        try (Experiment run = Experiment.begin("F36-group", "a group deleted", 1);
                Admin admin = admin(run)) {
            Outcome undisturbed = runUpToAFifth(run);
            Map<TopicPartition, OffsetAndMetadata> offsets = Cluster.offsets(admin, LEARN);

            admin.deleteConsumerGroups(List.of(LEARN)).all().get();
            run.note("group " + LEARN + " deleted");
            refuses(run, admin, REFUSED, "group " + LEARN + " has no offsets, but its changelog " + LEARNER);

            admin.alterConsumerGroupOffsets(LEARN, offsets).all().get();
            run.note("its offsets were put back");
            run.train().awaitReady();

            run.judge(undisturbed, Judgement.Demand.SAME_LOG);
        }
    }

    @Test
    @Tag("long")
    void f36_deletedEventsRefuseTheStartUntilAccepted() throws Exception {
        try (Experiment run = Experiment.begin("F36-events", "exposures deleted before they were read", 1);
                Admin admin = admin(run)) {
            learn(run, SHORT_STREAM);
            SeededStream longer = new SeededStream(SHORT_STREAM.seed(), 2 * SHORT_STREAM.exposures());
            run.load(longer.part(SHORT_STREAM.exposures(), longer.moments()));
            long read = Cluster.offset(admin, ATTRIBUTE, "exposures");
            long end = end(admin, "exposures");
            long begin = read + 1 + run.random().nextInt((int) (end - read) / 2);
            assertThat(read).isEqualTo(run.received("exposures"));

            deleteBefore(admin, "exposures", begin);
            run.note("exposures " + read + " to " + (begin - 1) + " deleted");
            refuses(run, admin, REFUSED, gone(ATTRIBUTE, read, "exposures", begin));
            accept(admin, ATTRIBUTE, "exposures", begin);
            run.note("the loss accepted, as told");
            run.train();

            Experiment.awaits("exposures are read", () -> run.received("exposures") == end - (begin - read));
            Experiment.awaits(
                    "clicks are read",
                    () -> run.received("clicks") == end(admin, "clicks")
                            && run.books().values().stream().allMatch(Books.Account::isBalanced));
            run.stopTrainers();
            run.passed("refused twice, with the remedy; after it " + run.received("exposures") + " of " + end
                    + " exposures received, books balance");
        }
    }

    @Test
    @Tag("long")
    void f36_deletedExamplesRefuseTheStart() throws Exception {
        try (Experiment run = Experiment.begin("F36-examples", "training-examples deleted before they were learnt", 1);
                Admin admin = admin(run)) {
            runUpToAFifth(run);
            long learnt = Cluster.offset(admin, LEARN, "training-examples");
            long end = end(admin, "training-examples");
            assertThat(learnt).as("all was learnt before").isLessThan(end);

            deleteBefore(admin, "training-examples", end);
            run.note("training-examples " + learnt + " to " + (end - 1) + " deleted, at step " + run.step());
            refuses(run, admin, REFUSED, gone(LEARN, learnt, "training-examples", end));
            run.passed("refused twice, with the remedy; no offset was moved");
        }
    }

    @Test
    @Tag("long")
    void f36_deletedBatchesStopALearnerFromTheLog() throws Exception {
        try (Experiment run = Experiment.begin("F36-batches", "mini-batches deleted while they are read", 1);
                Admin admin = admin(run)) {
            learn(run, STREAM);
            long end = end(admin, "mini-batches");

            TrainerProcess shadow = run.train(
                    MillraceProcess.Launch.PROGRAM,
                    "shadow",
                    List.of("train", "--from", "mini-batches"),
                    "kafka.max.partition.fetch.bytes",
                    "1",
                    "kafka.max.poll.records",
                    "1");
            await().atMost(Experiment.PATIENCE)
                    .pollInterval(Duration.ofMillis(10))
                    .ignoreExceptions()
                    .until(() -> Cluster.offset(admin, FROM_LOG, "mini-batches") > 0);
            deleteBefore(admin, "mini-batches", end);
            run.note("mini-batches deleted, at offset " + Cluster.offset(admin, FROM_LOG, "mini-batches") + " of "
                    + end);

            assertThat(shadow.awaitExit(Experiment.PATIENCE)).isEqualTo(REFUSED);
            long stopped = Cluster.offset(admin, FROM_LOG, "mini-batches");
            assertThat(stopped).isLessThan(end);
            assertThat(shadow.output())
                    .contains("training stopped: " + gone(FROM_LOG, stopped, "mini-batches", end))
                    .doesNotContain("\tat ");
            run.passed("stopped at offset " + stopped + " with the remedy");
        }
    }

    private static void learn(Experiment run, SeededStream stream) throws Exception {
        run.load(stream);
        run.train();
        run.awaitRead(stream.sent());
        run.stopTrainers();
    }

    /** Learns some, and stops. Returns what all would come to. */
    private static Outcome runUpToAFifth(Experiment run) throws Exception {
        Outcome undisturbed = run.undisturbed(STREAM);
        runUpTo(run, STREAM, undisturbed.step() / 5);
        assertThat(run.step()).as("nothing is left to go on with").isLessThan(undisturbed.step());
        return undisturbed;
    }

    /** Learns up to a step at least, and stops. */
    private static void runUpTo(Experiment run, SeededStream stream, long step) throws Exception {
        run.load(stream);
        run.train();
        run.awaitStep(step);
        run.stopTrainers();
        run.note("stopped at step " + run.step());
    }

    /** Twice: that the first refusal has changed nothing is what the second shows. */
    private static void refuses(Experiment run, Admin admin, int status, String... faults) throws Exception {
        Cluster before = Cluster.of(admin);
        for (int attempt = 1; attempt <= 2; attempt++) {
            TrainerProcess refused = run.train();
            int ended = refused.awaitExit(Experiment.PATIENCE);
            assertThat(ended).as(refused.output()).isEqualTo(status);
            assertThat(refused.output()).contains(faults).doesNotContain("\tat ", "ready after");
            assertThat(Cluster.of(admin)).isEqualTo(before);
        }
    }

    private static String gone(String group, long offset, String topic, long begin) {
        return "group " + group + " stands at offset " + offset + " of " + topic + "-0, which begins at " + begin;
    }

    private static Admin admin(Experiment run) {
        return Admin.create(Map.of("bootstrap.servers", run.broker().address()));
    }

    private static void configure(Admin admin, String topic, Map<String, String> entries) throws Exception {
        admin.incrementalAlterConfigs(Map.of(
                        new ConfigResource(ConfigResource.Type.TOPIC, topic),
                        entries.entrySet().stream()
                                .map(entry -> new AlterConfigOp(
                                        new ConfigEntry(entry.getKey(), entry.getValue()), AlterConfigOp.OpType.SET))
                                .toList()))
                .all()
                .get();
    }

    private static void addAPartition(Admin admin, String topic) throws Exception {
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(2))).all().get();
        await().until(() ->
                Integer.valueOf(2).equals(Cluster.of(admin).partitions().get(topic)));
    }

    private static void deleteBefore(Admin admin, String topic, long offset) throws Exception {
        admin.deleteRecords(Map.of(new TopicPartition(topic, 0), RecordsToDelete.beforeOffset(offset)))
                .all()
                .get();
    }

    /** What the command in the message does. */
    private static void accept(Admin admin, String group, String topic, long begin) throws Exception {
        admin.alterConsumerGroupOffsets(group, Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(begin)))
                .all()
                .get();
    }

    private static long end(Admin admin, String topic) throws Exception {
        TopicPartition partition = new TopicPartition(topic, 0);
        return admin.listOffsets(Map.of(partition, OffsetSpec.latest()))
                .partitionResult(partition)
                .get()
                .offset();
    }

    /**
     * What the cluster holds, as far as a trainer could change it.
     *
     * @param partitions of each topic
     * @param policies of each topic's cleanup
     * @param offsets of each group
     */
    private record Cluster(
            SortedMap<String, Integer> partitions,
            SortedMap<String, String> policies,
            Map<String, Map<TopicPartition, OffsetAndMetadata>> offsets) {
        static Cluster of(Admin admin) throws Exception {
            Set<String> names = admin.listTopics(new ListTopicsOptions().listInternal(true))
                    .names()
                    .get();
            SortedMap<String, Integer> partitions = new TreeMap<>();
            for (TopicDescription topic :
                    admin.describeTopics(names).allTopicNames().get().values()) {
                partitions.put(topic.name(), topic.partitions().size());
            }
            SortedMap<String, String> policies = new TreeMap<>();
            admin.describeConfigs(names.stream()
                            .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                            .toList())
                    .all()
                    .get()
                    .forEach((topic, config) -> policies.put(
                            topic.name(), config.get("cleanup.policy").value()));
            Map<String, Map<TopicPartition, OffsetAndMetadata>> offsets = new HashMap<>();
            for (var group : admin.listGroups().all().get()) {
                offsets.put(group.groupId(), offsets(admin, group.groupId()));
            }
            return new Cluster(partitions, policies, offsets);
        }

        static Map<TopicPartition, OffsetAndMetadata> offsets(Admin admin, String group) throws Exception {
            return admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get();
        }

        static long offset(Admin admin, String group, String topic) throws Exception {
            return Optional.ofNullable(offsets(admin, group).get(new TopicPartition(topic, 0)))
                    .orElseThrow()
                    .offset();
        }
    }
}
