package dev.millrace.bench;

import com.sun.management.ThreadMXBean;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Report;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.Mixture;
import dev.millrace.model.ModelEntry;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.RowStorage;
import dev.millrace.model.StepTimes;
import dev.millrace.model.TwoTower;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.Fields;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Times a learning step with the shapes of a DSSM over Zipf-distributed ids.
 *
 * <p>It runs the learner's own step on mini-batches: rows are found by their keys' text, items in the catalogue and features by their
 * names, as in the stream; only the decoding of the batch's bytes is left out. All rows are there before the first step. All numbers are
 * drawn from a seed.
 */
public final class KernelBench {

    private static final int USERS = 200_000;
    private static final int ITEMS = 100_000;
    private static final int ROW = 32;
    private static final int HISTORY = 20;
    private static final double FULL_HISTORIES = 0.8;
    private static final int USER_NUMBERS = 8;
    private static final int ITEM_NUMBERS = 4;
    private static final int[] USER_CATEGORIES = {10, 50, 100, 500, 1000, 5000};
    private static final int[] ITEM_CATEGORIES = {50, 500, 5000};
    private static final double USER_EXPONENT = 0.7; // of Zipf's law
    private static final double CATEGORY_EXPONENT = 0.5;
    private static final float SUM_OF_SQUARES = 0.1f;
    private static final long ANY_TIME = 1_700_000_000_000L;

    /** Settings that differ from their defaults. */
    private static final Map<String, String> SETTINGS = Map.of(
            "features.user", "user,uc0,uc1,uc2,uc3,uc4,uc5,history,udense",
            "features.user.history.pooling", "mean",
            "features.user.udense.kind", "vector",
            "features.item", "item,ic0,ic1,ic2,idense",
            "features.item.idense.kind", "vector",
            "tower.user.hidden", "128,64",
            "tower.item.hidden", "128,64",
            "tower.skip", "false",
            "loss.smoothing", "0");

    private final StepEngine engine;
    private final ZipfDraws itemRanks = new ZipfDraws(ITEMS, 1);
    private final Catalogue catalogue = new Catalogue('c');
    private long examples;

    public KernelBench(StepEngine engine) {
        this.engine = engine;
        for (int item = 0; item < ITEMS; item++) {
            Map<String, FeatureValue> features = categories("ic", ITEM_CATEGORIES, item);
            features.put("idense", numbers(ITEM_NUMBERS, 2, item));
            catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem("" + item, ANY_TIME, Features.of(features))));
        }
    }

    /** Tells of each batch size. */
    public void run(Report report, List<Integer> batches, int steps) {
        report.add(new Figures().with("steps", steps));
        for (int at = 0; at < batches.size(); at++) {
            report.progress().reached("batches of " + batches.get(at), at, batches.size());
            report.add("batches", measure(batches.get(at), steps));
        }
        report.progress().reached("", batches.size(), batches.size());
    }

    private Figures measure(int size, int steps) {
        TwoTower model = begin();
        for (int step = 0; step < steps / 3; step++) {
            model.learn(batch(size));
        }
        ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
        Sample micros = new Sample();
        Sample cpuMicros = new Sample();
        Sample allocated = new Sample();
        for (int step = 0; step < steps; step++) {
            MiniBatch next = batch(size);
            long allocatedBefore = threads.getCurrentThreadAllocatedBytes();
            long cpuStart = threads.getCurrentThreadCpuTime();
            long start = System.nanoTime();
            model.learn(next);
            micros.add((System.nanoTime() - start) / 1e3);
            cpuMicros.add((threads.getCurrentThreadCpuTime() - cpuStart) / 1e3);
            allocated.add((double) threads.getCurrentThreadAllocatedBytes() - allocatedBefore);
        }
        return new Figures()
                .with("batch", size)
                .with("medianMicros", micros.median())
                .with("tenthMicros", micros.quantile(0.1))
                .with("cpuMicros", cpuMicros.median())
                .with("examplesPerSecond", size * 1e6 / micros.median())
                .with("allocatedBytes", allocated.sum() / steps);
    }

    /** A model with all rows. */
    private TwoTower begin() {
        Map<String, Integer> rows = new HashMap<>(Map.of("user", USERS, "item", ITEMS));
        IntStream.range(0, USER_CATEGORIES.length).forEach(k -> rows.put("uc" + k, USER_CATEGORIES[k]));
        IntStream.range(0, ITEM_CATEGORIES.length).forEach(k -> rows.put("ic" + k, ITEM_CATEGORIES[k]));
        Map<String, String> given = new HashMap<>(SETTINGS);
        rows.keySet().forEach(name -> {
            String feature = "features." + (name.startsWith("i") ? "item." : "user.") + name;
            given.put(feature + ".dim", "" + ROW);
            given.put(feature + ".table", name);
        });
        given.put("features.user.history.dim", "" + ROW);
        given.put("features.user.udense.dim", "" + USER_NUMBERS);
        given.put("features.item.idense.dim", "" + ITEM_NUMBERS);
        SettingsReader reader = new SettingsReader(given);
        ModelSettings settings = ModelSettings.read(reader);
        reader.finish();
        TwoTower model =
                new TwoTower(settings, catalogue, engine, RowStorage.ON_THE_HEAP, StepTimes.UNTIMED, new Mixture(1, 0));
        rows.forEach((table, count) -> {
            for (int row = 0; row < count; row++) {
                Fields value = new Fields().shortInteger(ROW);
                for (int d = 0; d < ROW; d++) {
                    value.integer(Float.floatToIntBits((float) (0.2 * CounterRandom.unit(count, row, d) - 0.1)));
                }
                value.integer(Float.floatToIntBits(SUM_OF_SQUARES));
                model.restore(
                        ModelEntry.row(table, "" + row),
                        value.shortInteger(row + 1L).shortInteger(ANY_TIME).framed());
            }
        });
        return model;
    }

    /** The next batch, as decoding would leave it: all its values new. */
    private MiniBatch batch(int size) {
        return ZipfShop.batch(
                1, List.of(), Stream.generate(this::example).limit(size).toList(), ITEMS);
    }

    private TrainingExample example() {
        long number = examples++;
        String item = item(itemRanks.draw(number, 0));
        return new TrainingExample("e" + number, user(number), Features.NONE, item, "click", 1, ANY_TIME, 0);
    }

    private UserFeatures user(long number) {
        Map<String, FeatureValue> features = categories("uc", USER_CATEGORIES, number);
        features.put("udense", numbers(USER_NUMBERS, 3, number));
        int length = CounterRandom.unit(4, number, 0) < FULL_HISTORIES
                ? HISTORY
                : CounterRandom.below(HISTORY, 4, number, 1);
        List<String> history = IntStream.rangeClosed(1, length)
                .mapToObj(at -> item(itemRanks.draw(number, at)))
                .toList();
        return new UserFeatures("" + zipf(USERS, USER_EXPONENT, 5, number), ANY_TIME, Features.of(features), history);
    }

    private static String item(int rank) {
        return "" + ZipfDraws.spread(rank, ITEMS);
    }

    private static Map<String, FeatureValue> categories(String name, int[] sizes, long number) {
        Map<String, FeatureValue> features = new HashMap<>();
        for (int k = 0; k < sizes.length; k++) {
            int category = zipf(sizes[k], CATEGORY_EXPONENT, 6 + k, number);
            features.put(name + k, new FeatureValue.Category("" + category));
        }
        return features;
    }

    private static FeatureValue numbers(int width, long seed, long number) {
        return new FeatureValue.Dense(IntStream.range(0, width)
                .mapToObj(d -> (float) (4 * CounterRandom.unit(seed, number, d) - 2))
                .toList());
    }

    /** A rank from 0 by Zipf's law with an exponent below 1: the inverse of the integral of the frequencies. */
    private static int zipf(int ranks, double exponent, long seed, long number) {
        return (int) (ranks * Math.pow(CounterRandom.unit(seed, number, 0), 1 / (1 - exponent)));
    }
}
