package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.UserFeatures;
import dev.millrace.replay.DataFormat;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.SettingsReader;
import dev.millrace.shop.ShopGenerator;
import dev.millrace.shop.ShopSettings;
import dev.millrace.state.EntrySink;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.StepDigest;
import dev.millrace.train.StepOutcome;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainingProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every file under config, and those that were tried and lose (docs/tried.md). One that goes over others lies in a folder: of the name of
 * the whole file that it goes over, or else it goes over any. Each learns what the generated shop sends, told in the words of its data set.
 */
@Tag("slow")
class ReadyConfigurationsTest {

    private static final Path CONFIG = Path.of("config");
    private static final Path TRIED = Path.of("src/workshop/test/resources/tried");
    /** Folders whose files are for other programs. */
    private static final Set<Path> OF_OTHERS = Stream.of(
                    "connect", "grafana", "graphs", "k8s", "prometheus", "security")
            .map(CONFIG::resolve)
            .collect(Collectors.toSet());

    private static final String MAPPING = "mapping-example";
    private static final int ITEMS = 200;
    private static final int EVENTS = 24_000;
    private static final int STEPS = 200;
    private static final int FOLLOWED = 100;

    /** Small batches, and within the steps of the test what begins later otherwise. */
    private static final Map<String, String> SMALL =
            Map.of("batch.size", "16", "negatives.hard-model.from-step", "50", "negatives.hard-model.ramp-steps", "50");

    private static final EntrySink NOWHERE = new EntrySink() {
        @Override
        public void put(byte[] key, byte[] value) {}

        @Override
        public void delete(byte[] key) {}
    };

    /** What distinguishes one stream from another. */
    private record Told(String base, AttributionSettings attribution) {}

    private static final Map<Told, List<Consumer<Trainer>>> STREAMS = new HashMap<>();

    static List<Path> overlays() throws IOException {
        List<Path> overlays = new ArrayList<>();
        for (Path root : List.of(CONFIG, TRIED)) {
            for (Path folder : listed(root)) {
                if (Files.isDirectory(folder) && !OF_OTHERS.contains(folder)) {
                    overlays.addAll(listed(folder));
                }
            }
        }
        return overlays;
    }

    static List<Path> wholeFiles() throws IOException {
        return listed(CONFIG).stream().filter(Files::isRegularFile).toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("overlays")
    void itLearnsAndALearnerOfTheLogLearnsTheSame(Path overlay) {
        String base = base(overlay);
        MillraceSettings settings = load(base, overlay, SMALL);
        List<Consumer<Trainer>> stream =
                STREAMS.computeIfAbsent(new Told(base, settings.attribution()), ReadyConfigurationsTest::stream);
        Trainer live = new Trainer(settings.trainer());
        Trainer follower = new Trainer(settings.trainer());
        Iterator<Consumer<Trainer>> events = stream.iterator();
        List<Double> losses = new ArrayList<>();
        while (live.step() < STEPS) {
            events.next().accept(live);
            if (live.isBatchReady()) {
                MiniBatch batch = live.closeBatch();
                StepOutcome outcome = live.learn(batch);
                outcome.learnt().ifPresent(report -> losses.add(report.loss()));
                if (live.step() <= FOLLOWED) {
                    assertThat(follower.replay(batch)).isEqualTo(outcome);
                }
                if (live.step() == FOLLOWED) {
                    assertThat(digest(follower)).isPresent().isEqualTo(digest(live));
                }
            }
        }

        TrainingProgress progress = live.progress();
        assertThat(losses).hasSizeGreaterThan(STEPS - 20); // the first only list the catalogue
        assertThat(losses).allSatisfy(loss -> assertThat(loss).isFinite().isPositive());
        assertThat(progress.refusedSteps()).isZero();
        // of 200 items popularity finds one in five
        double popular = progress.exam().popularity().recallAt(10);
        assertThat(progress.exam().model().recallAt(10)).isGreaterThan(1.5 * popular);
    }

    private static Optional<StepDigest> digest(Trainer trainer) {
        trainer.publish();
        trainer.drainDirty(NOWHERE);
        return trainer.digest();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wholeFiles")
    void aWholeFileLoads(Path file) {
        if (name(file).equals(MAPPING)) {
            assertThat(DataFormat.CSV.open(file, load("shop").reader()).hasExposures())
                    .isTrue();
        } else {
            assertThat(load(name(file)).trainer().model().item()).isNotEmpty();
        }
    }

    @Test
    void whatGoesOverAnyLoadsOverEveryWholeFile() throws IOException {
        List<String> wholes = wholeFiles().stream()
                .map(ReadyConfigurationsTest::name)
                .filter(name -> !name.equals(MAPPING))
                .toList();
        List<Path> general =
                overlays().stream().filter(overlay -> !isOfOneDataSet(overlay)).toList();

        assertThat(wholes).contains("diginetica", "kuairand", "movielens", "shop", "yidian");
        assertThat(general).hasSizeGreaterThan(20);
        assertThat(wholes).allSatisfy(whole -> assertThat(general)
                .allSatisfy(overlay ->
                        assertThat(load(whole, overlay, Map.of()).trainer()).isNotNull()));
    }

    private static MillraceSettings load(String whole) {
        return MillraceSettings.load(List.of(whole(whole)), Map.of(), Map.of(), Map.of());
    }

    private static MillraceSettings load(String whole, Path overlay, Map<String, String> given) {
        return MillraceSettings.load(List.of(whole(whole), overlay), Map.of("batch.negatives", "64"), Map.of(), given);
    }

    private static String base(Path overlay) {
        return isOfOneDataSet(overlay) ? folder(overlay) : "shop";
    }

    private static boolean isOfOneDataSet(Path overlay) {
        return Files.exists(whole(folder(overlay)));
    }

    private static String folder(Path overlay) {
        return overlay.getName(overlay.getNameCount() - 2).toString();
    }

    private static Path whole(String name) {
        return CONFIG.resolve(name + ".properties");
    }

    private static String name(Path file) {
        return file.getFileName().toString().replace(".properties", "");
    }

    private static List<Path> listed(Path folder) throws IOException {
        try (Stream<Path> found = Files.list(folder)) {
            return found.sorted().toList();
        }
    }

    private static List<Consumer<Trainer>> stream(Told told) {
        List<Consumer<Trainer>> stream = new ArrayList<>();
        ShopSettings shop = ShopSettings.read(
                new SettingsReader(Map.of("shop.items", "" + ITEMS, "shop.users", "200", "shop.bursts-per-day", "0")));
        Attribution attribution = new Attribution(told.attribution(), new MemoryEntries(), new Sent(stream));
        ReplayEvent.Visitor visitor = new ReplayEvent.Visitor() {
            @Override
            public void item(CatalogueItem item) {
                CatalogueItem retold = retold(told.base(), item);
                stream.add(trainer -> trainer.change(new CatalogueChange.Upsert(retold)));
            }

            @Override
            public void profile(UserProfile profile) {
                attribution.profile(new UserProfile(
                        profile.user(), profile.time(), retold(told.base(), profile.features(), profile.time())));
            }

            @Override
            public void exposure(Exposure exposure) {
                attribution.expose(new Exposure(
                        exposure.id(),
                        exposure.user(),
                        exposure.item(),
                        exposure.time(),
                        exposure.producedAt(),
                        retold(told.base(), exposure.context(), exposure.time())));
            }

            @Override
            public void click(Click click) {
                attribution.click(click); // without exposures no data set has a context
                told.attribution().actions().stream()
                        .filter(action -> !action.equals(click.action()) && (click.id() + action).hashCode() % 3 == 0)
                        .forEach(action -> attribution.click(done(click, action)));
            }
        };
        new ShopGenerator(shop).events(bad -> {}).limit(EVENTS).forEach(event -> event.accept(visitor));
        return stream;
    }

    /** Something else that the user did with the same item. */
    private static Click done(Click click, String action) {
        return new Click(
                click.id() + "." + action,
                click.user(),
                click.item(),
                click.exposure(),
                action,
                click.weight(),
                click.time(),
                click.producedAt(),
                click.context());
    }

    private static CatalogueItem retold(String base, CatalogueItem item) {
        return new CatalogueItem(item.item(), item.time(), retold(base, item.features(), item.time()));
    }

    /** The shop's features, and beside them the same by the names and kinds of another data set. */
    private static Features retold(String base, Features features, long time) {
        Map<String, FeatureValue> values = new TreeMap<>(features.values());
        switch (base) {
            case "kuairand" -> {
                features.value("brand").ifPresent(brand -> values.put("author", brand));
                features.value("category").ifPresent(category -> values.put("tag", bag(category)));
                features.value("price").ifPresent(price -> values.put("uploaded", new FeatureValue.Quantity(time)));
                features.value("age_group").ifPresent(group -> values.put("user_active_degree", group));
                features.value("surface").ifPresent(surface -> values.put("tab", surface));
            }
            case "movielens" -> {
                features.value("brand").ifPresent(brand -> values.put("title", brand));
                features.value("category").ifPresent(category -> values.put("genres", bag(category)));
            }
            case "news" -> features.value("category").ifPresent(topic -> values.put("embedding", vector(topic)));
            default -> {}
        }
        return Features.of(values);
    }

    /** Returns eight random numbers, the same for the same value. */
    private static FeatureValue vector(FeatureValue value) {
        return new FeatureValue.Dense(new Random(value.hashCode())
                .doubles(8, -1, 1)
                .mapToObj(component -> (float) component)
                .toList());
    }

    private static FeatureValue bag(FeatureValue value) {
        return value instanceof FeatureValue.Category category
                ? new FeatureValue.Bag(List.of(category.value()))
                : value;
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
