package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a store tells its owner and the requests for commits. A commit lasts a second here. */
class WriteThroughStoreTest {

    private static final Duration INTERVAL = Duration.ofMillis(100);

    private final KeyValueStore<Bytes, byte[]> inner =
            Stores.inMemoryKeyValueStore("inner").get();
    private final WriteThroughStore<Nothing> store = new WriteThroughStore<>(inner);
    private long nanos;
    private int written;
    private final CommitPace pace = new CommitPace(INTERVAL, Duration.ofSeconds(10), () -> nanos);
    private final WriteThroughStore.Owner<Nothing> owner = new WriteThroughStore.Owner<>() {

        @Override
        public Nothing fresh(EntrySource stored) {
            return new Nothing();
        }

        @Override
        public void beforeCommit(Nothing state) {
            written++;
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
        MockProcessorContext<Void, Void> context = new MockProcessorContext<>(config);
        CommitRequests requests = new CommitRequests(context, pace);
        store.init(context.getStateStoreContext(), store);
        store.own(owner, requests);
        requests.whenDue();
    }

    @Test
    void aCommitIsMeasuredFromItsBeginningToItsEnd() {
        store.change();

        commit();

        assertThat(written).isEqualTo(1);
        assertThat(pace.left()).isEqualTo(INTERVAL.multipliedBy(5)); // the most, after so long a commit
    }

    @Test
    void aCommitWithoutAChangeHasNothingToWrite() {
        store.state();

        commit();

        assertThat(written).isZero();
        assertThat(pace.left()).isZero();
    }

    @Test
    void aStandbysStoreTellsNobody() {
        store.change();
        store.flushCache();
        store.clearCache(); // the task becomes a standby
        nanos += Duration.ofSeconds(1).toNanos();

        store.commit(Map.of());

        assertThat(pace.left()).isZero(); // no end was told
    }

    private void commit() {
        store.flushCache();
        nanos += Duration.ofSeconds(1).toNanos();
        store.commit(Map.of(new TopicPartition("changelog", 0), 1L));
    }
}
