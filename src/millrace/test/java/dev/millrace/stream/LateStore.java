package dev.millrace.stream;

import dev.millrace.state.Durable;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;

/** A store that writes at the obvious moment, which is too late: the negative control of {@link CrashIT}. */
final class LateStore<D extends Durable> extends WriteThroughStore<D> {

    LateStore(KeyValueStore<Bytes, byte[]> entries) {
        super(entries);
    }

    @Override
    public void drain(BiConsumer<byte[], Optional<byte[]>> written) {
        // not before the commit
    }

    @Override
    public void commit(Map<TopicPartition, Long> offsets) {
        if (isLoaded()) {
            drainState((key, value) -> {});
        }
        super.commit(offsets);
    }
}
