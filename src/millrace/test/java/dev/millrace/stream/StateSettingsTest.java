package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySource;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A state is loaded under the settings that are kept with it, whatever the cluster showed before the start. */
class StateSettingsTest {

    private static final String WINDOW = "attribution.window";
    private static final String LENGTH = "history.length";

    private final KeyValueStore<Bytes, byte[]> entries =
            Stores.inMemoryKeyValueStore("books").get();
    private final WriteThroughStore<Books> store = new WriteThroughStore<>(entries);
    private final CommitRequests requests;

    StateSettingsTest(@TempDir Path directory) {
        MockProcessorContext<Void, Void> context =
                new MockProcessorContext<>(new Properties(), new TaskId(0, 0), directory.toFile());
        requests = new CommitRequests(
                context, new CommitPace(Duration.ofMillis(100), Duration.ofSeconds(5), System::nanoTime));
        store.init(context.getStateStoreContext(), store);
    }

    @Test
    void settingsAreKeptBeforeAllElseOfTheFirstCommit() {
        startAndCommit(kept(Map.of(WINDOW, "30m", LENGTH, "200")));

        assertThat(keys()).startsWith("\1" + WINDOW, "\1" + LENGTH).hasSizeGreaterThan(2);
    }

    @Test
    void stateOfOtherSettingsIsNotLoaded() {
        startAndCommit(kept(Map.of(WINDOW, "30m", LENGTH, "200")));

        assertThatThrownBy(() -> startAndCommit(kept(Map.of(WINDOW, "30m", LENGTH, "10"))))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessage("history.length = 10: must be 200, as for the state of store books");
        assertThat(startAndCommit(kept(Map.of(WINDOW, "30m", LENGTH, "200")))).isEqualTo(2);
    }

    @Test
    void settingThatTheStateDoesNotKnowIsKeptFromThenOn() {
        startAndCommit(kept(Map.of(WINDOW, "30m")));

        assertThat(startAndCommit(kept(Map.of(WINDOW, "30m", LENGTH, "200")))).isEqualTo(2);

        assertThatThrownBy(() -> startAndCommit(kept(Map.of(WINDOW, "30m", LENGTH, "10"))))
                .hasMessageContaining("history.length = 10: must be 200");
    }

    private static KeptSettings kept(Map<String, String> texts) {
        return new KeptSettings(new TreeMap<>(texts));
    }

    /** Starts on what is there, counts an event and commits. Returns how many were counted since the beginning. */
    private long startAndCommit(KeptSettings settings) {
        store.own(
                new WriteThroughStore.Owner<>() {
                    @Override
                    public Books fresh(EntrySource stored) {
                        return new Books();
                    }

                    @Override
                    public KeptSettings settings() {
                        return settings;
                    }

                    @Override
                    public void beforeCommit(Books books) {
                        store.drain((key, value) -> {});
                    }
                },
                requests);
        store.change().settle(InputTopic.CLICKS, Outcome.ORPHAN);
        store.flushCache();
        return store.state()
                .accounts()
                .getOrDefault(InputTopic.CLICKS.label(), Books.Account.EMPTY)
                .received();
    }

    private List<String> keys() {
        List<String> keys = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> all = entries.all()) {
            while (all.hasNext()) {
                KeyValue<Bytes, byte[]> entry = all.next();
                keys.add(new String(entry.key.get(), StandardCharsets.UTF_8));
            }
        }
        return keys;
    }
}
