package dev.millrace.bench;

import com.sun.management.ThreadMXBean;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Catalogue;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.batch.MiniBatch;
import dev.millrace.batch.NegativeDraws;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.ModelEntry;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.QueryEncoder;
import dev.millrace.model.RowStorage;
import dev.millrace.model.Side;
import dev.millrace.model.StepTimes;
import dev.millrace.model.TwoTower;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.MemoryEntries;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Time of a learning step on the shapes of the PyTorch peer, and its distance from the peer's float64 reference.
 *
 * <p>It runs the learner's own step on mini-batches: rows are found by their keys' text, items in the catalogue and features by their
 * names, as in the stream; only the decoding of the batch's bytes is left out. The first weights are those of the peer, restored as
 * entries. Gradients are read from a step of plain SGD, as the difference that it makes.
 */
public final class KernelBench {

    /** Largest difference from the reference that passes, relative to the largest number of its tensor. */
    public static final double TOLERANCE = 1e-4;

    private static final int REFERENCE_STEPS = 5;
    private static final float INITIAL_ACCUMULATOR = 0.1f;
    private static final float[] ADAGRAD_SLOTS = {INITIAL_ACCUMULATOR};
    private static final double SGD_RATE = 100; // so large that a step's difference has all digits of the gradient
    private static final long ANY_TIME = 1_700_000_000_000L;
    private static final int LAYERS = PeerInputs.HIDDEN.length + 1;

    /** In the order of the reference. */
    private static final List<String> TABLES =
            List.of("user", "item", "uc0", "uc1", "uc2", "uc3", "uc4", "uc5", "ic0", "ic1", "ic2");

    private final StepEngine engine;
    private final PeerInputs inputs;
    private final Optional<Path> reference;
    private final Catalogue catalogue = new Catalogue('c');
    private final ModelSettings settings = settings("adagrad", "learning-rate", 0.05);

    /**
     * What a run found.
     *
     * @param batch examples a step
     * @param medianMicros of a step
     * @param tenthMicros a tenth of the steps is faster
     * @param cpuMicros median of the thread's processor time, which neighbours disturb less
     * @param examplesPerSecond at the median
     * @param allocatedBytes on the heap, by the learner's thread in a step: the mean
     * @param phaseMicros median by phase, in the order of the step
     * @param worstError of loss, gradients and losses of five steps against the reference, where there is one
     */
    public record Result(
            int batch,
            double medianMicros,
            double tenthMicros,
            double cpuMicros,
            double examplesPerSecond,
            double allocatedBytes,
            Map<String, Double> phaseMicros,
            Optional<Double> worstError) {}

    /** @param peerData folder of the peer's inputs and references; the same shapes are drawn where there is none */
    public KernelBench(Optional<Path> peerData, StepEngine engine) {
        this.engine = engine;
        this.inputs = peerData.map(PeerInputs::read).orElseGet(() -> PeerInputs.drawn(42));
        this.reference = peerData;
        fillCatalogue();
    }

    /** Measures batch sizes, and tells of each. */
    public static void run(
            BenchReport report, List<Integer> batches, Optional<Path> peerData, int steps, StepEngine engine) {
        KernelBench bench = new KernelBench(peerData, engine);
        peerData.ifPresent(folder -> report.add(new Figures().with("peerData", folder.toString())));
        report.add(new Figures().with("steps", steps));
        report.print(
                "%s", peerData.map(folder -> "inputs of " + folder).orElse("inputs drawn from a seed, no reference"));
        for (int at = 0; at < batches.size(); at++) {
            report.reached("batches of " + batches.get(at), at, batches.size());
            tell(report, bench.measure(batches.get(at), steps / 3, steps));
        }
        report.reached("", batches.size(), batches.size());
    }

    private static void tell(BenchReport report, Result result) {
        double withoutResolve = result.batch()
                * 1e6
                / (result.medianMicros() - result.phaseMicros().getOrDefault("resolve", 0.0));
        Figures phases = new Figures();
        result.phaseMicros().forEach(phases::with);
        report.add(
                "batches",
                new Figures()
                        .with("batch", result.batch())
                        .with("medianMicros", result.medianMicros())
                        .with("tenthMicros", result.tenthMicros())
                        .with("cpuMicros", result.cpuMicros())
                        .with("examplesPerSecond", result.examplesPerSecond())
                        .with("examplesPerSecondWithoutResolve", withoutResolve)
                        .with("allocatedBytes", result.allocatedBytes())
                        .with("phaseMicros", phases)
                        .with("worstError", result.worstError().orElse(Double.NaN)));
        report.print(
                "B=%d: median %.0f us/step, p10 %.0f us, cpu %.0f us, %.0f examples/s (%.0f without finding rows by key), %.0f KB allocated; phases us %s;"
                        + " worst error %s",
                result.batch(),
                result.medianMicros(),
                result.tenthMicros(),
                result.cpuMicros(),
                result.examplesPerSecond(),
                withoutResolve,
                result.allocatedBytes() / 1024,
                phases(result),
                result.worstError().map("%.1e"::formatted).orElse("not compared"));
    }

    /** Compares with the reference where there is one, then times steps. */
    public Result measure(int batch, int warmUpSteps, int steps) {
        Optional<Double> worstError = hasReference(batch) ? Optional.of(compare(batch)) : Optional.empty();
        Laps laps = new Laps();
        TwoTower model = begin(settings, ADAGRAD_SLOTS, laps);
        int batches = PeerInputs.EXAMPLES / batch;
        for (int step = 0; step < warmUpSteps; step++) {
            model.learn(batch(step % batches * batch, batch));
        }
        ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
        long allocated = 0;
        double[] micros = new double[steps];
        double[] cpuMicros = new double[steps];
        Map<StepTimes.Phase, double[]> phases = new EnumMap<>(StepTimes.Phase.class);
        for (int step = 0; step < steps; step++) {
            MiniBatch next = batch(step % batches * batch, batch);
            long allocatedBefore = threads.getCurrentThreadAllocatedBytes();
            long cpuStart = threads.getCurrentThreadCpuTime();
            long start = System.nanoTime();
            model.learn(next);
            micros[step] = (System.nanoTime() - start) / 1e3;
            cpuMicros[step] = (threads.getCurrentThreadCpuTime() - cpuStart) / 1e3;
            allocated += threads.getCurrentThreadAllocatedBytes() - allocatedBefore;
            for (Map.Entry<StepTimes.Phase, Long> lap : laps.nanos.entrySet()) {
                phases.computeIfAbsent(lap.getKey(), phase -> new double[steps])[step] = lap.getValue() / 1e3;
            }
        }
        Map<String, Double> medians = new LinkedHashMap<>();
        phases.forEach((phase, times) -> medians.put(phase.name().toLowerCase(Locale.ROOT), quantile(times, 0.5)));
        double median = quantile(micros, 0.5);
        return new Result(
                batch,
                median,
                quantile(micros, 0.1),
                quantile(cpuMicros, 0.5),
                batch * 1e6 / median,
                (double) allocated / steps,
                medians,
                worstError);
    }

    /** Whether the reference of that batch size is there. */
    public boolean hasReference(int batch) {
        return reference
                .map(folder -> Files.exists(folder.resolve("ref_" + batch + ".bin")))
                .orElse(false);
    }

    /** Worst error of the first step's loss and gradients and of the losses of five steps. */
    double compare(int batch) {
        Path folder = reference.orElseThrow();
        double[] expected = PeerInputs.readDoubles(folder.resolve("ref_" + batch + ".bin"));
        double[] losses = PeerInputs.readDoubles(folder.resolve("ref_" + batch + "_losses.bin"));
        TwoTower model = begin(settings, ADAGRAD_SLOTS, StepTimes.UNTIMED);
        double worst = 0;
        for (int step = 0; step < REFERENCE_STEPS; step++) {
            double loss = model.learn(batch(step * batch, batch)).loss();
            worst = Math.max(worst, Math.abs(loss - losses[step]) / Math.abs(losses[step]));
            if (step == 0) {
                worst = Math.max(worst, Math.abs(loss - expected[0]) / Math.abs(expected[0]));
            }
        }
        return Math.max(worst, compareGradients(batch, expected));
    }

    private double compareGradients(int batch, double[] expected) {
        TwoTower model = begin(settings("sgd", "sgd.learning-rate", SGD_RATE), new float[0], StepTimes.UNTIMED);
        model.learn(batch(0, batch));
        MemoryEntries after = new MemoryEntries();
        model.drainDirty(after);
        double worst = 0;
        int at = 1;
        for (Side side : Side.values()) {
            for (int tensor = 0; tensor < 2 * LAYERS; tensor++) {
                float[] weights = inputs.reals(tensorName(side, tensor)).clone();
                float[] moved = weights.clone();
                for (int chunk = 0; chunk < ModelEntry.Chunk.count(weights); chunk++) {
                    ModelEntry.Weights part = new ModelEntry.Weights(side, tensor, chunk);
                    after.get(part.key()).ifPresent(value -> part.restore(value, moved));
                }
                worst = Math.max(worst, error(gradient(weights, moved), expected, at));
                at += weights.length;
            }
        }
        for (String table : TABLES) {
            float[] rows = inputs.reals("t_" + table);
            float[] moved = rows.clone();
            for (int row = 0; row < rows.length / PeerInputs.ROW; row++) {
                int from = row * PeerInputs.ROW;
                after.get(new ModelEntry.Row(table, Integer.toString(row)).key())
                        .ifPresent(value -> System.arraycopy(QueryEncoder.row(value), 0, moved, from, PeerInputs.ROW));
            }
            worst = Math.max(worst, error(gradient(rows, moved), expected, at));
            at += rows.length;
        }
        if (at != expected.length) {
            throw new IllegalStateException("the reference has " + expected.length + " numbers, the step " + at);
        }
        return worst;
    }

    private static float[] gradient(float[] before, float[] after) {
        float[] gradient = new float[before.length];
        for (int at = 0; at < gradient.length; at++) {
            gradient[at] = (float) (((double) before[at] - after[at]) / SGD_RATE);
        }
        return gradient;
    }

    private static double error(float[] actual, double[] expected, int at) {
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < actual.length; i++) {
            largest = Math.max(largest, Math.abs(expected[at + i]));
            difference = Math.max(difference, Math.abs(actual[i] - expected[at + i]));
        }
        return difference / largest;
    }

    /** A batch as decoding would leave it: all its values new. */
    private MiniBatch batch(int at, int size) {
        List<TrainingExample> examples = new ArrayList<>(size);
        for (int i = at; i < at + size; i++) {
            examples.add(new TrainingExample(
                    "e" + i,
                    user(i),
                    Features.NONE,
                    Integer.toString(inputs.wholes("iid")[i]),
                    "click",
                    1,
                    ANY_TIME,
                    0));
        }
        float[] logProbability = Arrays.copyOfRange(inputs.reals("logq"), at, at + size);
        return new MiniBatch(
                1,
                1,
                List.of(),
                examples,
                logProbability,
                List.of(),
                new float[0],
                PeerInputs.ITEMS,
                List.of(),
                NegativeDraws.UNIFORM,
                List.of(),
                List.of());
    }

    private UserFeatures user(int example) {
        Map<String, FeatureValue> features = categories(example, "ucat", "uc", PeerInputs.USER_CATEGORIES.length);
        features.put("udense", dense("udense", example, PeerInputs.USER_DENSE));
        List<String> history = new ArrayList<>();
        for (int h = 0; h < inputs.wholes("hlen")[example]; h++) {
            history.add(Integer.toString(inputs.wholes("hist")[example * PeerInputs.HISTORY + h]));
        }
        return new UserFeatures(
                Integer.toString(inputs.wholes("uid")[example]), ANY_TIME, Features.of(features), history);
    }

    private Features item(int example) {
        Map<String, FeatureValue> features = categories(example, "icat", "ic", PeerInputs.ITEM_CATEGORIES.length);
        features.put("idense", dense("idense", example, PeerInputs.ITEM_DENSE));
        return Features.of(features);
    }

    /**
     * A model with the weights that the peer begins with.
     *
     * @param slots what the optimiser remembers of a row that begins
     */
    private TwoTower begin(ModelSettings learning, float[] slots, StepTimes times) {
        TwoTower model = new TwoTower(learning, catalogue, engine, RowStorage.ON_THE_HEAP, times);
        for (Side side : Side.values()) {
            for (int tensor = 0; tensor < 2 * LAYERS; tensor++) {
                float[] weights = inputs.reals(tensorName(side, tensor));
                for (int chunk = 0; chunk < ModelEntry.Chunk.count(weights); chunk++) {
                    ModelEntry.Weights part = new ModelEntry.Weights(side, tensor, chunk);
                    model.restore(part.key(), part.value(weights));
                }
            }
        }
        for (String table : TABLES) {
            float[] rows = inputs.reals("t_" + table);
            for (int row = 0; row < rows.length / PeerInputs.ROW; row++) {
                float[] one = Arrays.copyOfRange(rows, row * PeerInputs.ROW, (row + 1) * PeerInputs.ROW);
                model.restore(
                        new ModelEntry.Row(table, Integer.toString(row)).key(),
                        ModelEntry.Row.value(one, slots, row + 1, ANY_TIME));
            }
        }
        return model;
    }

    private static String tensorName(Side side, int tensor) {
        return side.text().charAt(0) + (tensor / 2 + 1 + "") + (tensor % 2 == 0 ? "_W" : "_b");
    }

    /** Each item with the features that its first example has; the others' must be the same, see {@link PeerInputs}. */
    private void fillCatalogue() {
        Map<Integer, Integer> first = new HashMap<>();
        for (int example = 0; example < PeerInputs.EXAMPLES; example++) {
            first.putIfAbsent(inputs.wholes("iid")[example], example);
        }
        for (int item = 0; item < PeerInputs.ITEMS; item++) {
            Features features =
                    Optional.ofNullable(first.get(item)).map(this::item).orElse(Features.NONE);
            catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem(Integer.toString(item), ANY_TIME, features)));
        }
    }

    private Map<String, FeatureValue> categories(int example, String array, String name, int count) {
        Map<String, FeatureValue> features = new HashMap<>();
        for (int k = 0; k < count; k++) {
            int category = inputs.wholes(array)[example * count + k];
            features.put(name + k, new FeatureValue.Category(Integer.toString(category)));
        }
        return features;
    }

    private FeatureValue dense(String array, int example, int width) {
        List<Float> components = new ArrayList<>();
        for (int d = 0; d < width; d++) {
            components.add(inputs.reals(array)[example * width + d]);
        }
        return new FeatureValue.Dense(components);
    }

    private static ModelSettings settings(String optimiserKind, String rateKey, double rate) {
        Map<String, String> given = new HashMap<>();
        given.put("tower.dim", Integer.toString(PeerInputs.DIM));
        given.put("tower.skip", "false");
        given.put("features.user", "user,uc0,uc1,uc2,uc3,uc4,uc5,history,udense");
        given.put("features.item", "item,ic0,ic1,ic2,idense");
        for (String name : List.of("user", "uc0", "uc1", "uc2", "uc3", "uc4", "uc5", "history")) {
            given.put("features.user." + name + ".dim", Integer.toString(PeerInputs.ROW));
            given.put("features.user." + name + ".table", name.equals("history") ? "item" : name);
        }
        for (String name : List.of("item", "ic0", "ic1", "ic2")) {
            given.put("features.item." + name + ".dim", Integer.toString(PeerInputs.ROW));
            given.put("features.item." + name + ".table", name);
        }
        given.put("features.user.history.max-values", Integer.toString(PeerInputs.HISTORY));
        given.put("features.user.history.pooling", "mean");
        given.put("features.user.udense.kind", "vector");
        given.put("features.user.udense.dim", Integer.toString(PeerInputs.USER_DENSE));
        given.put("features.item.idense.kind", "vector");
        given.put("features.item.idense.dim", Integer.toString(PeerInputs.ITEM_DENSE));
        for (String tower : List.of("user", "item")) {
            given.put("tower." + tower + ".hidden", PeerInputs.HIDDEN[0] + "," + PeerInputs.HIDDEN[1]);
        }
        for (String optimiser : List.of("dense", "rows")) {
            given.put("optimiser." + optimiser + ".kind", optimiserKind);
            given.put("optimiser." + optimiser + "." + rateKey, Double.toString(rate));
            given.put("optimiser." + optimiser + ".initial-accumulator", Float.toString(INITIAL_ACCUMULATOR));
        }
        given.put("optimiser.dense.max-gradient-norm", "0");
        given.put("loss.temperature", "0.1");
        given.put("loss.smoothing", "0");
        SettingsReader reader = new SettingsReader(given);
        ModelSettings settings = ModelSettings.read(reader);
        reader.finish();
        return settings;
    }

    private static String phases(Result result) {
        return result.phaseMicros().entrySet().stream()
                .map(phase -> phase.getKey() + " " + Math.round(phase.getValue()))
                .collect(Collectors.joining(", "));
    }

    private static double quantile(double[] values, double share) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(int) (share * (sorted.length - 1))];
    }

    /** Measures the phases of a step. */
    private static final class Laps implements StepTimes {
        private final Map<Phase, Long> nanos = new EnumMap<>(Phase.class);
        private long last;

        @Override
        public void begin() {
            last = System.nanoTime();
        }

        @Override
        public void lap(Phase phase) {
            long now = System.nanoTime();
            nanos.put(phase, now - last);
            last = now;
        }
    }
}
