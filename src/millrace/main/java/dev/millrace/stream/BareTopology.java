package dev.millrace.stream;

import dev.millrace.topic.TopicNames;
import java.time.Duration;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * A topology that does as little as one with a store can: one get and one put an event, and a commit each interval, however long
 * commits take. Benchmarks measure others against it.
 */
public final class BareTopology {

    private static final String STORE = "bare";

    private BareTopology() {}

    /** Of the exposures and clicks. */
    public static Topology getAndPut(TopicNames topics) {
        return new Topology()
                .addSource(
                        AutoOffsetReset.none(),
                        "from-events",
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer(),
                        topics.exposures(),
                        topics.clicks())
                .addProcessor(STORE, GetAndPut::new, "from-events")
                .addStateStore(WriteThroughStore.entries(STORE), STORE);
    }

    /** Gets the entry of a record's key and puts the longer of the two values there. */
    private static final class GetAndPut extends ContextualProcessor<byte[], byte[], Void, Void> {

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            super.init(context);
            Duration interval = CommitPace.interval(context.appConfigs());
            context.schedule(interval, PunctuationType.WALL_CLOCK_TIME, now -> context.commit());
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            KeyValueStore<Bytes, byte[]> store = context().getStateStore(STORE);
            Bytes key = Bytes.wrap(record.key());
            byte[] before = store.get(key);
            store.put(key, before != null && before.length > record.value().length ? before : record.value());
        }
    }
}
