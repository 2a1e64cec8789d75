package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.batch.Catalogue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.TwoTower;
import dev.millrace.recall.UserEncoder;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFeedTest {

    private final ModelSettings settings = ModelSettings.read(new SettingsReader(Map.of()));
    private final DiskEntries entries;
    private final ModelFeed feed;

    ModelFeedTest(@TempDir Path directory) throws IOException {
        entries = DiskEntries.open(directory, 4 << 20);
        feed = new ModelFeed(settings, entries);
    }

    @AfterEach
    void close() {
        entries.close();
    }

    @Test
    void encodesAsTheLearnerDoesOnceItsEntriesHaveCome() {
        UserFeatures user = new UserFeatures("u1", 1, Features.NONE, List.of());
        float[] expected = new float[settings.dim()];
        try (TwoTower model = new TwoTower(settings, new Catalogue('C'))) {
            model.userVectors(List.of(user), List.of(Features.NONE), expected);
            UserEncoder encoder = feed.of(model.generation());
            assertThat(encoder.isReady()).isFalse();
            assertThat(encoder.encode(user, Features.NONE, new float[settings.dim()]))
                    .isFalse();

            drain(model, model.generation());

            float[] found = new float[settings.dim()];
            assertThat(encoder.encode(user, Features.NONE, found)).isTrue();
            for (int at = 0; at < found.length; at++) {
                assertThat(found[at]).isCloseTo(expected[at], within(1e-5f)); // other kernels, other rounding
            }
            assertThat(feed.of("another").isReady()).isFalse();
        }
    }

    @Test
    void entriesOfAnotherGenerationAreLeftAside() {
        try (TwoTower model = new TwoTower(settings, new Catalogue('C'))) {
            drain(model, "another");

            assertThat(feed.of(model.generation()).isReady()).isFalse();
            assertThat(feed.of("another").isReady()).isFalse();
        }
    }

    @Test
    void aCorruptEntryIsRefused() {
        byte[] row = {'m', 'r', 'i', 't', 'e', 'm', 0, 'a'};

        assertThatThrownBy(() -> feed.update(settings.generationName(), row, new byte[] {1, 2, 3}))
                .isInstanceOf(CorruptEntryException.class);
        assertThat(entries.get(row)).isEmpty();
    }

    private void drain(TwoTower model, String generation) {
        model.drainDirty(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                if (model.isQuerySide(key)) {
                    feed.update(generation, key, value);
                }
            }

            @Override
            public void delete(byte[] key) {
                if (model.isQuerySide(key)) {
                    feed.remove(generation, key);
                }
            }
        });
        feed.refresh();
    }
}
