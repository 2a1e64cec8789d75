package dev.millrace.stream;

import dev.millrace.settings.SettingsReader;
import java.nio.file.Path;
import java.time.Duration;

/**
 * How the Streams applications run.
 *
 * @param applicationId names state, changelogs and consumer groups; each application adds its part to it
 * @param stateDirectory of RocksDB
 * @param instanceId of this process among those of one application; blank for none
 * @param attributeCommitInterval of the application that reads events
 * @param learnCommitInterval of the learner: freshness against rows written
 * @param maxWait longest that an open batch waits to become full
 * @param attributeThreads that read events
 * @param maxTaskIdle how long a task waits for a partition that has fallen behind its others
 * @param isLogLearnerPublishing whether a learner from the log publishes too, or only says how it does
 * @param transactionalStores whether a crash replays a bounded tail instead of all state
 * @param stateMemoryBytes native memory for all RocksDB stores of this process
 */
public record StreamSettings(
        String applicationId,
        Path stateDirectory,
        String instanceId,
        Duration attributeCommitInterval,
        Duration learnCommitInterval,
        Duration maxWait,
        int attributeThreads,
        Duration maxTaskIdle,
        boolean isLogLearnerPublishing,
        boolean transactionalStores,
        long stateMemoryBytes) {

    public static StreamSettings read(SettingsReader reader) {
        Duration instant = Duration.ofMillis(1);
        Duration minute = Duration.ofMinutes(1);
        String id = reader.text(
                "stream.application-id", "millrace", "names state, changelogs and consumer groups in the cluster");
        reader.require(
                id.matches("[a-zA-Z0-9._-]{1,100}"),
                "stream.application-id",
                id,
                "must be 1 to 100 letters, digits, dots, underscores and dashes");
        return new StreamSettings(
                id,
                Path.of(reader.text("stream.state-directory", ".millrace/state", "where RocksDB keeps state")),
                reader.text(
                        "stream.instance-id",
                        "",
                        "names this process among those of one application: one that comes back under its name goes on at once, without one the group first waits 10 s for the dead member"),
                reader.duration(
                        "stream.attribute.commit-interval",
                        Duration.ofMillis(100),
                        instant,
                        minute,
                        "how often attributed events are committed and move on to the learner"),
                reader.duration(
                        "stream.learn.commit-interval",
                        Duration.ofMillis(200),
                        instant,
                        minute,
                        "how often the learner publishes and commits: shorter is fresher, longer writes fewer rows"),
                reader.duration(
                        "batch.max-wait",
                        Duration.ofMillis(500),
                        instant,
                        Duration.ofHours(1),
                        "longest that an open batch waits to become full"),
                reader.integer("stream.attribute.threads", 1, 1, 256, "threads that read events"),
                reader.duration(
                        "stream.max-task-idle",
                        Duration.ZERO,
                        Duration.ZERO,
                        minute,
                        "how long a task waits for an input partition that has no data, to merge inputs by time"),
                reader.flag(
                        "stream.from-log.publish",
                        false,
                        "a learner from mini-batches publishes too; beside a live learner give it topic names of its own"),
                reader.flag(
                        "stream.transactional-stores",
                        true,
                        "after a crash, replay a bounded tail of the changelog instead of wiping the store"),
                reader.longInteger(
                        "stream.state-memory-bytes",
                        134_217_728,
                        16_777_216,
                        1L << 40,
                        "native memory for all RocksDB stores of this process"));
    }
}
