package dev.millrace.topic;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;
import java.util.Map;

/** The topics and the shape they are created with. */
public record TopicSettings(
        TopicNames names,
        int partitions,
        int replicas,
        Duration eventRetention,
        Duration exampleRetention,
        Duration batchRetention,
        Duration actionRetention,
        LargestRecords largest) {

    /** What every topic takes that Millrace writes, however small its records are by the settings. */
    private static final long ROOMY_BYTES = 8 << 20;

    private static final String COMPACT_SEGMENT_BYTES = Integer.toString(64 << 20);
    private static final String COMPACT_DIRTY_RATIO = "0.3";

    /** Kept for ever. */
    static final Duration FOR_EVER = Duration.ofDays(36_500);

    public static TopicSettings read(SettingsReader reader) {
        return read(reader, LargestRecords.read(reader));
    }

    /** Without the sizes of records, which other settings bound: for checks and names, not to create topics. */
    public static TopicSettings withoutSizes(SettingsReader reader) {
        return read(reader, LargestRecords.UNKNOWN);
    }

    private static TopicSettings read(SettingsReader reader, LargestRecords largest) {
        return new TopicSettings(
                TopicNames.read(reader),
                reader.integer(
                        "topic.partitions = 2 in [1, 10000]: partitions of each topic that grows with traffic; the "
                                + "learner's topics have one"),
                reader.integer("topic.replicas = -1 in [-1, 100]: replicas of each topic; -1: the broker's default"),
                reader.duration(
                        "topic.event-retention = 36500d in [1m, 36500d]: how long events are kept, by event time: a "
                                + "replayed log of last year is a year old on arrival"),
                reader.duration(
                        "topic.example-retention = 7d in [1m, 36500d]: how long training examples and logged answers "
                                + "are kept, counted from when they were written"),
                reader.duration("topic.batch-retention = 36500d in [1m, 36500d]: how long mini-batches and "
                        + "attribution-commits are kept; a learner from the log, and an audit without "
                        + "checkpoints, need all of them"),
                reader.duration(
                        "topic.action-retention = 1825d in [1m, 36500d]: how long the audit log of operators' actions "
                                + "is kept, counted from when they were written"),
                largest);
    }

    /** The {@code max.message.bytes} of the topics that Millrace writes, and the most that its producers send at once. */
    public int maxMessageBytes() {
        return (int) Math.min(Integer.MAX_VALUE, Math.max(ROOMY_BYTES, largest.largest()));
    }

    /** How compacted topics and changelogs are kept, beside their policy: large records, small segments, cleaned often. */
    public Map<String, String> compaction() {
        return Map.of(
                "max.message.bytes",
                Integer.toString(maxMessageBytes()),
                "segment.bytes",
                COMPACT_SEGMENT_BYTES,
                "min.cleanable.dirty.ratio",
                COMPACT_DIRTY_RATIO);
    }
}
