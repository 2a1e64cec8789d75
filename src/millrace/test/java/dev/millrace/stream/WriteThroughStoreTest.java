package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySource;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a store keeps with its state, and tells its owner and the requests for commits. A commit lasts a second here. */
class WriteThroughStoreTest {

    private static final Duration INTERVAL = Duration.ofMillis(100);
    private static final String WINDOW = "attribution.window";
    private static final String LENGTH = "history.length";

    private final KeyValueStore<Bytes, byte[]> entries =
            Stores.inMemoryKeyValueStore("books").get();
    private final WriteThroughStore<Books> store = new WriteThroughStore<>(entries);
    private long nanos;
    private int written;
    private final CommitPace pace = new CommitPace(INTERVAL, Duration.ofSeconds(10), () -> nanos);
    private final CommitRequests requests;

    WriteThroughStoreTest(@TempDir Path directory) {
        MockProcessorContext<Void, Void> context =
                new MockProcessorContext<>(Streams.driver(directory), new TaskId(0, 0), directory.toFile());
        requests = new CommitRequests(context, pace);
        store.init(context.getStateStoreContext(), store);
        own(Map.of());
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

    @Test
    void settingsAreKeptBeforeAllElseOfTheFirstCommit() {
        startAndCommit(Map.of(WINDOW, "30m", LENGTH, "200"));

        assertThat(keys()).startsWith("\1" + WINDOW, "\1" + LENGTH).hasSizeGreaterThan(2);
    }

    @Test
    void stateOfOtherSettingsIsNotLoaded() {
        startAndCommit(Map.of(WINDOW, "30m", LENGTH, "200"));

        assertThatThrownBy(() -> startAndCommit(Map.of(WINDOW, "30m", LENGTH, "10")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessage("history.length = 10: must be 200, as for the state of store books");
        assertThat(startAndCommit(Map.of(WINDOW, "30m", LENGTH, "200"))).isEqualTo(2);
    }

    @Test
    void settingThatTheStateDoesNotKnowIsKeptFromThenOn() {
        startAndCommit(Map.of(WINDOW, "30m"));

        assertThat(startAndCommit(Map.of(WINDOW, "30m", LENGTH, "200"))).isEqualTo(2);

        assertThatThrownBy(() -> startAndCommit(Map.of(WINDOW, "30m", LENGTH, "10")))
                .hasMessageContaining("history.length = 10: must be 200");
    }

    /** Starts on what is there, counts an event and commits. Returns how many were counted since the beginning. */
    private long startAndCommit(Map<String, String> settings) {
        own(settings);
        store.change().settle(InputTopic.CLICKS, Outcome.ORPHAN);
        commit();
        return Books.Account.of(InputTopic.CLICKS, store.state().accounts()).received();
    }

    private void own(Map<String, String> settings) {
        store.own(
                new WriteThroughStore.Owner<>() {
                    @Override
                    public Books fresh(EntrySource stored) {
                        return new Books();
                    }

                    @Override
                    public KeptSettings settings() {
                        return new KeptSettings(new TreeMap<>(settings));
                    }

                    @Override
                    public void beforeCommit(Books books) {
                        written++;
                        store.drain((key, value) -> {});
                    }
                },
                requests);
    }

    private void commit() {
        store.flushCache();
        nanos += Duration.ofSeconds(1).toNanos();
        store.commit(Map.of(new TopicPartition("changelog", 0), 1L));
    }

    private List<String> keys() {
        List<String> keys = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> all = entries.all()) {
            all.forEachRemaining(entry -> keys.add(Utf8.text(entry.key.get())));
        }
        return keys;
    }
}
