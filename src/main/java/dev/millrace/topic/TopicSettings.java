package dev.millrace.topic;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/**
 * The topics and the shape they are created with.
 *
 * @param names in the cluster
 * @param partitions of the topics that grow with traffic
 * @param replicas of each; -1 for the broker's default
 * @param eventRetention how long exposures, clicks, users and items are kept, by event time, and dead letters, from when they were
 *     written
 * @param exampleRetention how long training examples are kept
 * @param batchRetention how long the model's log is kept
 */
public record TopicSettings(
        TopicNames names,
        int partitions,
        int replicas,
        Duration eventRetention,
        Duration exampleRetention,
        Duration batchRetention) {

    /** Kept for ever. */
    static final Duration FOR_EVER = Duration.ofDays(36_500);

    public static TopicSettings read(SettingsReader reader) {
        Duration minute = Duration.ofMinutes(1);
        return new TopicSettings(
                TopicNames.read(reader),
                reader.integer(
                        "topic.partitions",
                        2,
                        1,
                        10_000,
                        "partitions of the topics that grow with traffic; the learner's topics have one"),
                reader.integer("topic.replicas", -1, -1, 100, "replicas of each topic; -1 for the broker's default"),
                reader.duration(
                        "topic.event-retention",
                        FOR_EVER,
                        minute,
                        FOR_EVER,
                        "how long events are kept, by event time: a replayed log of last year is a year old on arrival"),
                reader.duration(
                        "topic.example-retention",
                        Duration.ofDays(7),
                        minute,
                        FOR_EVER,
                        "how long training examples are kept, from when they were written"),
                reader.duration(
                        "topic.batch-retention",
                        FOR_EVER,
                        minute,
                        FOR_EVER,
                        "how long mini-batches are kept; a learner from the log needs all of them"));
    }
}
