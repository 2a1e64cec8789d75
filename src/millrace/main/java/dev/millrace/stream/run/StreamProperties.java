package dev.millrace.stream.run;

import dev.millrace.stream.CommitPace;
import dev.millrace.stream.Part;
import dev.millrace.stream.StreamSettings;
import dev.millrace.topic.ClientSettings;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/**
 * The properties that Kafka Streams gets for an application.
 *
 * @param instanceId of this process in its group
 * @param rocksDb what all stores of this process share
 */
record StreamProperties(
        StreamSettings settings, ClientSettings clients, String instanceId, BoundedRocksDb.Shared rocksDb) {

    /** An outage is waited for, however long. Kafka adds this to the time of day, so that it may not be as long as can be. */
    private static final Duration LONGEST_OUTAGE = Duration.ofDays(3650);

    /** A member learns from the answer to a heartbeat that the group is being divided anew. */
    private static final int LONGEST_HEARTBEAT_MILLIS = 3_000;

    /** A thread that waits for records looks at the clock, for commits and batches that are due, no more often. */
    private static final long LONGEST_POLL_MILLIS = 20;

    /**
     * Records that are unpacked at once, and that wait for a task. Compression hides how large they are: a fetch of 1 MB may hold some thousand
     * of the largest.
     */
    private static final int MAX_POLLED_RECORDS = 200;

    private static final int PRODUCER_BATCH_BYTES = 128 << 10;
    private static final long PRODUCER_MEMORY_BYTES = 32 << 20; // Kafka's default

    Properties of(Part part) {
        boolean learns = part == Part.LEARN || part == Part.LEARN_FROM_LOG;
        Properties config = new Properties();
        config.put("enable.transactional.statestores", settings.transactionalStores());
        Duration commitInterval = learns ? settings.learnCommitInterval() : settings.attributeCommitInterval();
        config.put(CommitPace.INTERVAL, commitInterval);
        config.put(
                StreamsConfig.COMMIT_INTERVAL_MS_CONFIG,
                CommitPace.timer(commitInterval, settings.transactionTimeout()).toMillis());
        config.put(StreamsConfig.POLL_MS_CONFIG, LONGEST_POLL_MILLIS);
        config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, learns ? 1 : settings.attributeThreads());
        config.put(
                StreamsConfig.STATE_DIR_CONFIG,
                settings.stateDirectory().toAbsolutePath().toString());
        config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0L);
        config.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, settings.maxTaskIdle().toMillis());
        config.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedRocksDb.class);
        config.put(BoundedRocksDb.SHARED, rocksDb);
        config.put("ensure.explicit.internal.resource.naming", true);
        config.put("processing.exception.handler.global.enabled", true);
        config.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, settings.groupProtocol().name());
        config.put(StreamsConfig.METRICS_RECORDING_LEVEL_CONFIG, "INFO");
        config.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        config.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), PRODUCER_BATCH_BYTES);
        int largestRecord = settings.topics().maxMessageBytes();
        config.put(
                StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG),
                Math.max(PRODUCER_MEMORY_BYTES, 2L * largestRecord));
        config.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, settings.topics().replicas());
        settings.topics().compaction().forEach((name, value) -> config.put(StreamsConfig.topicPrefix(name), value));
        config.put(
                StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG),
                millis(settings.transactionTimeout()));
        config.put(
                StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG),
                millis(settings.sessionTimeout()));
        config.put(
                StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG),
                Math.min(LONGEST_HEARTBEAT_MILLIS, millis(settings.sessionTimeout()) / 4));
        config.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), MAX_POLLED_RECORDS);
        config.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, MAX_POLLED_RECORDS);
        config.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, settings.standbyReplicas());
        config.put(StreamsConfig.TASK_TIMEOUT_MS_CONFIG, LONGEST_OUTAGE.toMillis());
        config.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, instanceId);
        config.putAll(clients.properties()); // what the user gave under kafka. wins, but for what promises rest on
        config.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG), largestRecord);
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        // an offset that is gone is a loss, and stops the application
        config.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "none");
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, settings.applicationId(part));
        return config;
    }

    private static int millis(Duration duration) {
        return Math.toIntExact(duration.toMillis());
    }
}
