package dev.millrace.flink;

import dev.millrace.app.MillraceSettings;
import dev.millrace.attribute.FlinkAttribution;
import dev.millrace.attribute.SourceEvent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.state.rocksdb.RocksDBConfigurableOptions;
import org.apache.flink.state.rocksdb.RocksDBOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The attribution as a job of Flink: one source of three topics, one keyed function, one transactional sink; parallelism 1, state in RocksDB with
 * incremental checkpoints.
 */
final class FlinkJob {

    private static final String BATCH_BYTES = Integer.toString(128 << 10); // as Millrace's producers
    private static final Duration IDLE = Duration.ofSeconds(10);

    private FlinkJob() {}

    /**
     * Starts it on a cluster in this process.
     *
     * @param settingsFile of the topics and of the attribution
     * @param directory for state and checkpoints
     */
    static JobClient start(Path settingsFile, Path directory, Duration checkpointInterval) throws Exception {
        MillraceSettings settings = MillraceSettings.load(List.of(settingsFile), Map.of(), Map.of(), Map.of());
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(
                1, configuration(settings, directory, checkpointInterval));
        Properties clients = new Properties();
        clients.putAll(settings.clients().asMap());
        EventSchema schema = new EventSchema(
                settings.topics().names(), settings.attribution().maxAhead().toMillis());
        KafkaSource<SourceEvent> source = KafkaSource.<SourceEvent>builder()
                .setProperties(clients)
                .setGroupId(settings.stream().applicationId())
                .setTopics(schema.topics())
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setDeserializer(schema)
                .build();
        KafkaSink<ProducerRecord<byte[], byte[]>> sink = KafkaSink.<ProducerRecord<byte[], byte[]>>builder()
                .setKafkaProducerConfig(clients)
                .setProperty(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4")
                .setProperty(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES)
                .setProperty(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, "600000")
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix(settings.stream().applicationId())
                .setRecordSerializer((record, context, time) -> record)
                .build();
        environment
                .fromSource(
                        source,
                        WatermarkStrategy.<SourceEvent>forMonotonousTimestamps().withIdleness(IDLE),
                        "events")
                .uid("events")
                .keyBy(SourceEvent::user, Types.STRING)
                .process(new FlinkAttribution(settingsFile))
                .returns(new TypeHint<>() {}) // chained to the sink, so it is never written
                .name("attribution")
                .uid("attribution")
                .sinkTo(sink)
                .name("examples")
                .uid("examples");
        return environment.executeAsync("attribution");
    }

    private static Configuration configuration(MillraceSettings settings, Path directory, Duration checkpointInterval) {
        Configuration configuration = new Configuration();
        configuration.set(StateBackendOptions.STATE_BACKEND, "rocksdb");
        configuration.set(
                RocksDBOptions.LOCAL_DIRECTORIES, directory.resolve("state").toString());
        configuration.set(RocksDBConfigurableOptions.USE_BLOOM_FILTER, true);
        configuration.set(
                TaskManagerOptions.MANAGED_MEMORY_SIZE,
                new MemorySize(settings.stream().stateMemoryBytes()));
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, checkpointInterval);
        configuration.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
        configuration.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
        configuration.set(
                CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                directory.resolve("checkpoints").toUri().toString());
        configuration.set(PipelineOptions.OBJECT_REUSE, true);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none"); // what it did twice would be in the figures
        return configuration;
    }
}
