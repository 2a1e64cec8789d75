package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.batch.MiniBatch;
import dev.millrace.feature.UserFeatures;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.replay.ShopGenerator;
import dev.millrace.replay.ShopSettings;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySink;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.StepOutcome;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every ready choice of loss, negatives and popularity, over the file of the generated shop, on what the shop sends. */
class ReadyConfigurationsTest {

    private static final int ITEMS = 200;
    private static final int EVENTS = 40_000;
    private static final int STEPS = 200;
    private static final EntrySink NOWHERE = new EntrySink() {
        @Override
        public void put(byte[] key, byte[] value) {}

        @Override
        public void delete(byte[] key) {}
    };

    /** By how exposures become examples. */
    private static final Map<AttributionSettings, List<Consumer<Trainer>>> STREAMS = new HashMap<>();

    private static List<Consumer<Trainer>> stream(AttributionSettings settings) {
        List<Consumer<Trainer>> stream = new ArrayList<>();
        ShopSettings shop = ShopSettings.read(
                new SettingsReader(Map.of("shop.items", "" + ITEMS, "shop.users", "200", "shop.bursts-per-day", "0")));
        Attribution attribution = new Attribution(settings, new MemoryEntries(), new Sent(stream));
        new ShopGenerator(shop).events().limit(EVENTS).forEach(event -> {
            if (event instanceof ReplayEvent.Listed listed) {
                stream.add(trainer -> trainer.change(new CatalogueChange.Upsert(listed.item())));
            } else if (event instanceof ReplayEvent.Described described) {
                attribution.profile(described.profile());
            } else if (event instanceof ReplayEvent.Shown shown) {
                attribution.expose(shown.exposure());
            } else if (event instanceof ReplayEvent.Clicked clicked) {
                attribution.click(clicked.click());
            }
        });
        return stream;
    }

    static List<String> files() throws IOException {
        List<String> files = new ArrayList<>();
        for (String directory : List.of("losses", "negatives", "popularity")) {
            try (Stream<Path> found = Files.list(Path.of("config", directory))) {
                found.sorted().forEach(file -> files.add(file.toString()));
            }
        }
        return files;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("files")
    void itLearnsTheShopAndALearnerOfTheLogLearnsTheSame(String file) throws IOException {
        SettingsReader reader = reader(file);
        TrainerSettings settings = TrainerSettings.read(reader);
        AttributionSettings attribution = AttributionSettings.read(reader);
        reader.finish();
        List<Consumer<Trainer>> stream = STREAMS.computeIfAbsent(attribution, ReadyConfigurationsTest::stream);
        try (Trainer live = new Trainer(settings);
                Trainer follower = new Trainer(settings)) {
            double sum = 0;
            int learnt = 0;
            for (Consumer<Trainer> event : stream) {
                event.accept(live);
                if (live.isBatchReady() && live.step() < STEPS) {
                    MiniBatch batch = live.closeBatch();
                    StepOutcome outcome = live.learn(batch);
                    assertThat(follower.rehearse(batch)).isEqualTo(outcome);
                    if (outcome instanceof StepOutcome.Learnt learning) {
                        sum += learning.report().loss();
                        learnt++;
                    }
                }
                if (live.step() == STEPS) {
                    break;
                }
            }
            live.publish();
            live.drainDirty(NOWHERE);
            follower.publish();
            follower.drainDirty(NOWHERE);

            assertThat(live.step()).isEqualTo(STEPS);
            assertThat(learnt).isGreaterThan(STEPS - 20); // the first only list the catalogue
            assertThat(sum / learnt).isFinite().isPositive();
            assertThat(live.progress().refusedSteps()).isZero();
            assertThat(follower.digest()).isPresent().isEqualTo(live.digest());
            double hits = live.progress().exam().model().recallAt(10);
            // by chance 10 of some 200
            assertThat(hits).as(file).isGreaterThan(file.contains("none") ? 0.03 : 0.07);
        }
    }

    private static SettingsReader reader(String file) throws IOException {
        Map<String, String> values = new TreeMap<>();
        for (Path path : List.of(Path.of("config/shop.properties"), Path.of(file))) {
            Properties properties = new Properties();
            try (Reader reader = Files.newBufferedReader(path)) {
                properties.load(reader);
            }
            properties.stringPropertyNames().forEach(key -> values.put(key, properties.getProperty(key)));
        }
        values.put("batch.size", "32");
        values.put("tower.dim", "16");
        values.put("features.item.brand.dim", "16");
        return new SettingsReader(values);
    }

    /** Takes examples in. */
    private record Sent(List<Consumer<Trainer>> stream) implements Attribution.Output {
        @Override
        public void example(TrainingExample example) {
            stream.add(trainer -> trainer.add(example));
        }

        @Override
        public void userFeatures(UserFeatures user) {}

        @Override
        public void userRemoved(String user) {}
    }
}
