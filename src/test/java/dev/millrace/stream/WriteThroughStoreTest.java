package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WriteThroughStoreTest {

    private final List<String> calls = new ArrayList<>();
    private final KeyValueStore<Bytes, byte[]> inner =
            Stores.inMemoryKeyValueStore("inner").get();
    private final WriteThroughStore<Nothing> store = new WriteThroughStore<>(inner);
    private final WriteThroughStore.Owner<Nothing> owner = new WriteThroughStore.Owner<>() {

        @Override
        public Nothing fresh(EntrySource stored) {
            return new Nothing();
        }

        @Override
        public void beforeCommit(Nothing state) {
            calls.add("before");
        }

        @Override
        public void committed() {
            calls.add("committed");
        }
    };

    /** A state without content. */
    private static final class Nothing implements Durable {

        @Override
        public void restore(byte[] key, byte[] value) {}

        @Override
        public void drainDirty(EntrySink sink) {}
    }

    @BeforeEach
    void open() {
        Properties config = new Properties();
        config.put("application.id", "test");
        config.put("bootstrap.servers", "localhost:1");
        store.init(new MockProcessorContext<>(config).getStateStoreContext(), store);
        store.own(owner);
    }

    @Test
    void anOwnerIsToldOfACommitBeforeItAndAfterIt() {
        store.change();
        store.flushCache();
        store.commit(Map.of(new TopicPartition("changelog", 0), 1L));

        assertThat(calls).containsExactly("before", "committed");
    }

    @Test
    void aCommitWithoutAChangeHasNothingToWrite() {
        store.state();
        store.flushCache();
        store.commit(Map.of());

        assertThat(calls).containsExactly("committed");
    }

    @Test
    void aStandbysStoreTellsNobody() {
        store.commit(Map.of()); // nothing was loaded
        store.state();
        store.clearCache(); // the task becomes a standby
        store.commit(Map.of());

        assertThat(calls).isEmpty();
    }
}
