package dev.millrace.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batches;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.TwoTower;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.recall.UserEncoder;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import dev.millrace.train.EntryKind;
import dev.millrace.train.TrainerSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFeedTest {

    private static final SortedMap<String, String> TEXTS = texts(Map.of());

    private final ModelSettings settings = ModelSettings.read(new SettingsReader(TEXTS));
    private final DiskEntries entries;
    private final ModelFeed feed;

    ModelFeedTest(@TempDir Path directory) throws IOException {
        entries = DiskEntries.open(directory, 4 << 20);
        feed = new ModelFeed(entries);
    }

    @AfterEach
    void close() {
        entries.close();
    }

    @Test
    void encodesAsTheLearnerDoesOnceItsEntriesHaveCome() {
        Catalogue catalogue = new Catalogue('C');
        List<CatalogueChange> changes = List.of(upsert("a"), upsert("b"));
        changes.forEach(catalogue::apply);
        TwoTower model = new TwoTower(settings, catalogue);
        UserFeatures user = user(List.of("a", "b"));
        assertThat(feed.of(model.generation())).isEmpty();
        learn(model, changes);
        float[] expected = learners(model, user);

        feed.describe(model.generation(), TEXTS);
        drain(model, model.generation());

        float[] found = encoded(model.generation(), user);
        double squares = 0;
        for (int at = 0; at < found.length; at++) {
            assertThat(found[at]).isCloseTo(expected[at], within(1e-5f)); // other kernels, other rounding
            squares += found[at] * found[at];
        }
        assertThat(squares).isCloseTo(1, within(1e-5));
        assertThat(feed.of("another")).isEmpty();
    }

    @Test
    void itemsOfHistoriesAreTheGenerationsOwn() {
        SortedMap<String, String> texts = texts(Map.of(
                "features.user", "history.colour",
                "features.item", "item,colour",
                "features.item.colour.kind", "category"));
        ModelSettings coloured = ModelSettings.read(new SettingsReader(texts));
        Catalogue catalogue = new Catalogue('C');
        TwoTower model = new TwoTower(coloured, catalogue);
        String generation = model.generation();
        List<CatalogueChange> changes = List.of(coloured("a", "red"), coloured("b", "blue"), coloured("c", "red"));
        changes.forEach(catalogue::apply);
        learn(model, changes);
        drain(catalogue, generation); // ahead of the settings of their learner
        feed.describe(generation, texts);
        drain(model, generation);
        UserFeatures user = user(List.of("a", "b"));
        assertThat(encoded(generation, user)).isEqualTo(learners(model, user));
        float[] before = encoded(generation, user);

        catalogue.apply(coloured("a", "blue"));
        drain(catalogue, generation);
        assertThat(encoded(generation, user)).isEqualTo(learners(model, user)).isNotEqualTo(before);

        catalogue.apply(new CatalogueChange.Removal("a", 1_700_000_000_001L));
        drain(catalogue, generation);
        float[] without = encoded(generation, user);
        assertThat(without).isEqualTo(learners(model, user));
        assertThat(without).isEqualTo(encoded(generation, user(List.of("b"))));

        feed.drop(generation);
        feed.describe(generation, texts);
        model.touchQuerySide();
        drain(model, generation);
        assertThat(encoded(generation, user)).isEqualTo(encoded(generation, user(List.of())));
    }

    @Test
    void generationsOfOtherSettingsStandBesideEachOther() {
        SortedMap<String, String> narrow = texts(Map.of("tower.dim", "8", "features.user.history.dim", "8"));
        ModelSettings small = ModelSettings.read(new SettingsReader(narrow));
        UserFeatures user = new UserFeatures("u1", 1, Features.NONE, List.of());
        TwoTower model = new TwoTower(settings, new Catalogue('C'));
        TwoTower other = new TwoTower(small, new Catalogue('C'));
        drain(model, model.generation());
        drain(other, other.generation());
        assertThat(feed.of(other.generation())).isEmpty();

        feed.describe(other.generation(), narrow); // behind its entries

        float[] found = new float[8];
        float[] expected = new float[8];
        other.userVectors(List.of(user), List.of(Features.NONE), expected);
        assertThat(encoder(other.generation()).encode(user, Features.NONE, Map.of(), found))
                .isTrue();
        for (int at = 0; at < 8; at++) {
            assertThat(found[at]).isCloseTo(expected[at], within(1e-5f));
        }
        assertThat(feed.of(model.generation())).isEmpty();

        feed.describe(model.generation(), TEXTS);
        assertThat(encoder(model.generation()).isReady()).isTrue();

        UserEncoder dropped = encoder(other.generation());
        feed.drop(other.generation());
        assertThat(feed.of(other.generation())).isEmpty();
        assertThat(dropped.encode(user, Features.NONE, Map.of(), found)).isFalse();
        assertThat(encoder(model.generation()).isReady()).isTrue();
    }

    @Test
    void settingsOfAnotherVersionAreRefused() {
        SortedMap<String, String> newer = new TreeMap<>(TEXTS);
        newer.put("tower.of-tomorrow", "7");

        assertThatThrownBy(() -> feed.describe("g", newer))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("tower.of-tomorrow");
        assertThat(feed.of("g")).isEmpty();
    }

    /** Servers are upgraded before trainers. */
    private static SortedMap<String, String> texts(Map<String, String> given) {
        SettingsReader reader = new SettingsReader(given);
        TrainerSettings.read(reader);
        return reader.effective();
    }

    @Test
    void eachGenerationHasListsOfItsOwn() {
        feed.describe("g1", TEXTS);
        feed.describe("g2", TEXTS);
        long week = Duration.ofDays(7).toMillis();
        NeighbourList list = new NeighbourList(1_000, 5, List.of("b", "c"), new float[] {3, 2});

        feed.neighbours("g1", "a", Optional.of(list));

        assertThat(encoder("g1").near(List.of("a"), 0)).isEqualTo(Map.of("b", 3 / 8.0, "c", 2 / 8.0));
        // after a half-life
        assertThat(encoder("g1").near(List.of("a"), 1_000 + week)).isEqualTo(Map.of("b", 1.5 / 5.5, "c", 1 / 5.5));
        assertThat(encoder("g2").near(List.of("a"), 0)).isEmpty();
        assertThat(encoder("g1").near(List.of("b"), 0)).isEmpty();

        feed.neighbours("g1", "a", Optional.empty());
        assertThat(encoder("g1").near(List.of("a"), 0)).isEmpty();

        feed.neighbours("g1", "a", Optional.of(list));
        feed.drop("g1");
        feed.describe("g1", TEXTS);
        assertThat(encoder("g1").near(List.of("a"), 0)).isEmpty();
    }

    @Test
    void extremeEntriesMakeNoInfiniteAnswer() {
        byte[] row = "mritem\0a".getBytes(StandardCharsets.UTF_8);
        byte[] poison = row(Float.NaN);
        byte[] statistics = "mnuage".getBytes(StandardCharsets.UTF_8);
        feed.describe(settings.generationName(), TEXTS);
        byte[] noMean = new Fields().number(2).number(Double.NaN).number(1).framed();

        assertThatThrownBy(() -> feed.update(settings.generationName(), row, poison))
                .isInstanceOf(CorruptEntryException.class);
        assertThatThrownBy(() -> feed.update(settings.generationName(), statistics, noMean))
                .isInstanceOf(CorruptEntryException.class);
        assertThat(entries.get(row)).isEmpty();

        TwoTower model = new TwoTower(settings, new Catalogue('C'));
        feed.describe(model.generation(), TEXTS);
        drain(model, model.generation());
        feed.update(model.generation(), row, row(3e38f)); // its square is beyond the floats
        float[] found = new float[settings.dim()];
        UserFeatures user = new UserFeatures("u1", 1, Features.NONE, List.of("a"));
        assertThat(encoder(model.generation()).encode(user, Features.NONE, Map.of(), found))
                .isTrue();
        assertThat(found).containsOnly(0f);
    }

    @Test
    void unusableEntriesAheadOfTheirSettingsAreCounted() {
        byte[] statistics = "mnuage".getBytes(StandardCharsets.UTF_8);
        feed.update(
                "g1",
                statistics,
                new Fields().number(2).number(Double.NaN).number(1).framed());

        assertThat(feed.describe("g1", TEXTS)).isEqualTo(1);
        assertThat(feed.describe("g1", TEXTS)).isZero();
    }

    private static UserFeatures user(List<String> history) {
        return new UserFeatures("u1", 1, Features.NONE, history);
    }

    private float[] encoded(String generation, UserFeatures user) {
        float[] found = new float[settings.dim()];
        assertThat(encoder(generation).encode(user, Features.NONE, Map.of(), found))
                .isTrue();
        return found;
    }

    private float[] learners(TwoTower model, UserFeatures user) {
        float[] vector = new float[settings.dim()];
        model.userVectors(List.of(user), List.of(Features.NONE), vector);
        return vector;
    }

    private static void learn(TwoTower model, List<CatalogueChange> changes) {
        List<TrainingExample> examples = List.of(example("1", "a"), example("2", "b"));
        model.learn(Batches.of(1, 7, changes, examples, new float[2], List.of(), new float[0], 2));
    }

    private UserEncoder encoder(String generation) {
        return feed.of(generation).orElseThrow();
    }

    private byte[] row(float component) {
        Fields row = new Fields().shortInteger(settings.dim());
        for (int d = 0; d < settings.dim(); d++) {
            row.integer(Float.floatToIntBits(component));
        }
        return row.framed();
    }

    private static CatalogueChange upsert(String item) {
        return new CatalogueChange.Upsert(new CatalogueItem(item, 1_700_000_000_000L, Features.NONE));
    }

    private static CatalogueChange coloured(String item, String colour) {
        Features features = Features.of(Map.of("colour", new FeatureValue.Category(colour)));
        return new CatalogueChange.Upsert(new CatalogueItem(item, 1_700_000_000_000L, features));
    }

    private static TrainingExample example(String id, String item) {
        UserFeatures user = new UserFeatures("u" + id, 1, Features.NONE, List.of("a"));
        return new TrainingExample(id, user, Features.NONE, item, "click", 1, 1_700_000_000_000L, 0);
    }

    private void drain(TwoTower model, String generation) {
        model.drainDirty(querySide(generation, model::isQuerySide));
        feed.refresh(generation);
    }

    private void drain(Catalogue catalogue, String generation) {
        catalogue.drainDirty(querySide(generation, key -> true));
    }

    private EntrySink querySide(String generation, Predicate<byte[]> isWanted) {
        return new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                if (EntryKind.isOfRemovedItem(key, value)) {
                    delete(key);
                } else if (isWanted.test(key)) {
                    feed.update(generation, key, value);
                }
            }

            @Override
            public void delete(byte[] key) {
                if (isWanted.test(key)) {
                    feed.remove(generation, key);
                }
            }
        };
    }
}
