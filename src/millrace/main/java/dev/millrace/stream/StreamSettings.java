package dev.millrace.stream;

import dev.millrace.generation.Promotion;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.TopicSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.streams.GroupProtocol;

/** How the Streams applications run. */
public record StreamSettings(
        String applicationId,
        Path stateDirectory,
        String instanceId,
        GroupProtocol groupProtocol,
        Duration attributeCommitInterval,
        Duration learnCommitInterval,
        Duration maxWait,
        int attributeThreads,
        Duration maxTaskIdle,
        boolean isLogLearnerPublishing,
        Promotion promotion,
        boolean transactionalStores,
        long stateMemoryBytes,
        Duration sessionTimeout,
        Duration transactionTimeout,
        boolean isSettling,
        int standbyReplicas,
        Duration startupTimeout,
        TopicSettings topics) {

    /** The id of an application, which is the name of its group too. */
    public String applicationId(Part part) {
        return applicationId + "-" + part.suffix();
    }

    /** The ids of all applications. */
    public List<String> applicationIds() {
        return Arrays.stream(Part.values()).map(this::applicationId).toList();
    }

    public static StreamSettings read(SettingsReader reader) {
        String id = reader.text(
                "stream.application-id = millrace: name of state, changelogs and consumer groups in the cluster");
        reader.require(
                id.matches("[a-zA-Z0-9._-]{1,100}"),
                "stream.application-id: must be 1 to 100 letters, digits, dots, underscores and dashes");
        Duration attributeCommit = reader.duration(
                "stream.attribute.commit-interval = 100ms in [1ms, 1m]: minimum time between two commits of "
                        + "attributed events, after which the learner sees them. An event is committed at once if "
                        + "the last commit was longer ago. If commits take long, the time grows to at most five "
                        + "intervals");
        Duration learnCommit = reader.duration(
                "stream.learn.commit-interval = 200ms in [1ms, 1m]: as stream.attribute.commit-interval, for the "
                        + "steps of the learner: shorter is fresher, longer writes fewer rows");
        Duration transaction = reader.duration(
                "stream.transaction-timeout = 10s in [1s, 15m]: time after which the brokers end the transaction of a "
                        + "dead process, so that another process can go on; must exceed both commit intervals and the "
                        + "duration of a commit");
        for (Duration commit : List.of(attributeCommit, learnCommit)) {
            reader.require(
                    transaction.compareTo(commit) > 0,
                    "stream.transaction-timeout: must be longer than the commit interval of " + commit.toMillis()
                            + "ms");
        }
        return new StreamSettings(
                id,
                reader.value(
                        "stream.state-directory = .millrace/state: directory of the state that RocksDB keeps",
                        Path::of,
                        "must be a path"),
                reader.text("stream.instance-id: name of this process in its group. Blank: a name from the state "
                        + "directory, which leaves the group at a clean stop. A name set here stays in "
                        + "the group, for rolling restarts"),
                reader.choice(
                        "stream.group-protocol: classic: one of the processes assigns tasks; streams: the brokers do"
                                + " (KIP-1071, from 4.4 on), and their group settings decide standbys and session"
                                + " timeouts. Stop all processes before you change it",
                        GroupProtocol.CLASSIC),
                attributeCommit,
                learnCommit,
                reader.duration("batch.max-wait = 250ms in [1ms, 1h]: longest time that a batch waits to become full"),
                reader.integer("stream.attribute.threads = 1 in [1, 256]: threads that read events"),
                reader.duration(
                        "stream.max-task-idle = 0s in [0s, 1m]: how long a task waits for an input partition that has "
                                + "no data, so that inputs are merged by time"),
                reader.flag(
                        "stream.from-log.publish = false: let a learner from mini-batches publish its own generation "
                                + "beside others; it needs its own topic.vector-store.name"),
                reader.choice(
                        "stream.promote: which learners promote their generation when it is complete: live: one that "
                                + "learns from events, if no other generation answers; always: all; never: none, only "
                                + "millrace model promote does",
                        Promotion.LIVE),
                reader.flag("stream.transactional-stores = true: after a crash, replay a bounded tail of the changelog "
                        + "instead of wiping the store"),
                reader.longInteger(
                        "stream.state-memory-bytes = 134217728 in [16777216, 1099511627776]: native memory for all "
                                + "RocksDB stores of this process"),
                reader.duration(
                        "stream.session-timeout = 10s in [1s, 30m]: time without a heartbeat after which a process "
                                + "counts as dead; brokers allow 6s to 30m by default"),
                transaction,
                reader.flag("stream.settle-transactions = true: before each transaction of the trainer, look for those "
                        + "whose end the brokers lost (KAFKA-20734), and settle them; false only for brokers "
                        + "without that fault"),
                reader.integer(
                        "stream.standby-replicas = 1 in [0, 10]: copies of each task's state on other processes"),
                reader.duration(
                        "stream.startup-timeout = 1m in [0s, 1d]: how long a start waits for a broker that does not"
                                + " answer"),
                TopicSettings.read(reader));
    }
}
