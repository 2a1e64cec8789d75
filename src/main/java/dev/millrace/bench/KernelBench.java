package dev.millrace.bench;

import dev.millrace.batch.Catalogue;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.StepReport;
import dev.millrace.model.StepTimes;
import dev.millrace.model.Subject;
import dev.millrace.model.Tower;
import dev.millrace.model.TwoTower;
import dev.millrace.model.loss.Candidates;
import dev.millrace.model.table.EmbeddingTable;
import dev.millrace.model.table.RowGradients;
import dev.millrace.settings.SettingsReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
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
 * <p>It runs the learner's own step: rows are found by their keys' text and features by their names, as in the stream; only the
 * decoding of the batch's bytes is left out. As with the peer, every example's item is a column of its own, because in its inputs
 * an item's numbers differ from example to example.
 */
public final class KernelBench {

    /** Largest difference from the reference that passes, relative to the largest number of its tensor. */
    public static final double TOLERANCE = 1e-4;

    private static final int REFERENCE_STEPS = 5;
    private static final float INITIAL_ACCUMULATOR = 0.1f;
    private static final long ANY_TIME = 1_700_000_000_000L;

    private final PeerInputs inputs;
    private final Optional<Path> reference;
    private final Catalogue catalogue = new Catalogue('c');
    private final ModelSettings settings = settings();

    /**
     * What a run found.
     *
     * @param batch examples a step
     * @param medianMicros of a step
     * @param tenthMicros a tenth of the steps is faster
     * @param cpuMicros median of the thread's processor time, which neighbours disturb less
     * @param examplesPerSecond at the median
     * @param phaseMicros median by phase, in the order of the step
     * @param worstError of loss, gradients and losses of five steps against the reference, where there is one
     */
    public record Result(
            int batch,
            double medianMicros,
            double tenthMicros,
            double cpuMicros,
            double examplesPerSecond,
            Map<String, Double> phaseMicros,
            Optional<Double> worstError) {}

    /** @param peerData folder of the peer's inputs and references; the same shapes are drawn where there is none */
    public KernelBench(Optional<Path> peerData) {
        this.inputs = peerData.map(PeerInputs::read).orElseGet(() -> PeerInputs.drawn(42));
        this.reference = peerData;
        fillCatalogue();
    }

    /** Measures the batch sizes of the peer's table and prints a line each. */
    public static List<Result> run(PrintStream out, List<Integer> batches, Optional<Path> peerData, int steps) {
        KernelBench bench = new KernelBench(peerData);
        out.println(peerData.map(folder -> "inputs of " + folder).orElse("inputs drawn from a seed, no reference"));
        List<Result> results = new ArrayList<>();
        for (int batch : batches) {
            Result result = bench.measure(batch, steps / 3, steps);
            out.printf(
                    Locale.ROOT,
                    "B=%d: median %.0f us/step, p10 %.0f us, cpu %.0f us, %.0f examples/s (%.0f without finding rows by key); phases us %s;"
                            + " worst error %s%n",
                    batch,
                    result.medianMicros(),
                    result.tenthMicros(),
                    result.cpuMicros(),
                    result.examplesPerSecond(),
                    batch * 1e6 / (result.medianMicros() - result.phaseMicros().getOrDefault("resolve", 0.0)),
                    phases(result),
                    result.worstError().map("%.1e"::formatted).orElse("not compared"));
            results.add(result);
        }
        return results;
    }

    /** Compares with the reference where there is one, then times steps. */
    public Result measure(int batch, int warmUpSteps, int steps) {
        Optional<Double> worstError = hasReference(batch) ? Optional.of(compare(batch)) : Optional.empty();
        Laps laps = new Laps();
        TwoTower model = begin(laps);
        int batches = PeerInputs.EXAMPLES / batch;
        for (int step = 0; step < warmUpSteps; step++) {
            step(step % batches * batch, batch).run(model);
        }
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        double[] micros = new double[steps];
        double[] cpuMicros = new double[steps];
        Map<StepTimes.Phase, double[]> phases = new EnumMap<>(StepTimes.Phase.class);
        for (int step = 0; step < steps; step++) {
            Step next = step(step % batches * batch, batch);
            long cpuStart = threads.getCurrentThreadCpuTime();
            long start = System.nanoTime();
            laps.begin();
            next.run(model);
            micros[step] = (System.nanoTime() - start) / 1e3;
            cpuMicros[step] = (threads.getCurrentThreadCpuTime() - cpuStart) / 1e3;
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
        Gradients gradients = new Gradients();
        TwoTower model = begin(gradients);
        gradients.model = Optional.of(model);
        double worst = 0;
        for (int step = 0; step < REFERENCE_STEPS; step++) {
            double loss = step(step * batch, batch).run(model).loss();
            worst = Math.max(worst, Math.abs(loss - losses[step]) / Math.abs(losses[step]));
            if (step == 0) {
                worst = Math.max(worst, Math.abs(loss - expected[0]) / Math.abs(expected[0]));
                worst = Math.max(worst, compare(gradients, expected));
            }
        }
        return worst;
    }

    private static double compare(Gradients gradients, double[] expected) {
        double worst = 0;
        int at = 1;
        for (float[] tensor : gradients.networks) {
            worst = Math.max(worst, error(tensor, expected, at));
            at += tensor.length;
        }
        for (float[] table : gradients.tables) {
            worst = Math.max(worst, error(table, expected, at));
            at += table.length;
        }
        if (at != expected.length) {
            throw new IllegalStateException("the reference has " + expected.length + " numbers, the step " + at);
        }
        return worst;
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

    /** One prepared batch. */
    private record Step(
            List<Subject> users, List<Subject> items, List<String> ids, float[] constants, float[] weights) {
        StepReport run(TwoTower model) {
            return model.learn(1, users, items, Candidates.columns(ids, constants), weights);
        }
    }

    /** A batch as decoding would leave it: all its values new. */
    private Step step(int at, int batch) {
        List<Subject> users = new ArrayList<>(batch);
        List<Subject> columns = new ArrayList<>(batch);
        float[] constants = new float[batch];
        for (int i = 0; i < batch; i++) {
            users.add(user(at + i));
            columns.add(item(at + i));
            constants[i] = -inputs.reals("logq")[at + i];
        }
        float[] weights = new float[batch];
        Arrays.fill(weights, 1f);
        return new Step(users, columns, columns.stream().map(Subject::id).toList(), constants, weights);
    }

    private Subject user(int example) {
        Map<String, FeatureValue> features = categories(example, "ucat", "uc", PeerInputs.USER_CATEGORIES.length);
        features.put("udense", dense("udense", example, PeerInputs.USER_DENSE));
        List<String> history = new ArrayList<>();
        for (int h = 0; h < inputs.wholes("hlen")[example]; h++) {
            history.add(Integer.toString(inputs.wholes("hist")[example * PeerInputs.HISTORY + h]));
        }
        return new Subject(
                Integer.toString(inputs.wholes("uid")[example]),
                Features.of(features),
                Features.NONE,
                List.copyOf(history));
    }

    private Subject item(int example) {
        Map<String, FeatureValue> features = categories(example, "icat", "ic", PeerInputs.ITEM_CATEGORIES.length);
        features.put("idense", dense("idense", example, PeerInputs.ITEM_DENSE));
        return Subject.item(Integer.toString(inputs.wholes("iid")[example]), Features.of(features));
    }

    private TwoTower begin(StepTimes times) {
        TwoTower model = new TwoTower(settings, catalogue, times);
        networks(model.userTower().kernel().weights(), "u");
        networks(model.itemTower().kernel().weights(), "i");
        for (EmbeddingTable table : model.tables().values()) {
            float[] rows = inputs.reals("t_" + table.name());
            for (int row = 0; row < rows.length / PeerInputs.ROW; row++) {
                table.put(
                        Integer.toString(row),
                        Arrays.copyOfRange(rows, row * PeerInputs.ROW, (row + 1) * PeerInputs.ROW),
                        new float[] {INITIAL_ACCUMULATOR},
                        row + 1,
                        ANY_TIME);
            }
        }
        return model;
    }

    private void networks(float[][] weights, String tower) {
        for (int tensor = 0; tensor < weights.length; tensor++) {
            float[] read = inputs.reals(tower + (tensor / 2 + 1) + (tensor % 2 == 0 ? "_W" : "_b"));
            System.arraycopy(read, 0, weights[tensor], 0, read.length);
        }
    }

    private void fillCatalogue() {
        for (int item = 0; item < PeerInputs.ITEMS; item++) {
            catalogue.apply(
                    new CatalogueChange.Upsert(new CatalogueItem(Integer.toString(item), ANY_TIME, Features.NONE)));
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

    private static ModelSettings settings() {
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
        given.put("features.user.udense.kind", "vector");
        given.put("features.user.udense.dim", Integer.toString(PeerInputs.USER_DENSE));
        given.put("features.item.idense.kind", "vector");
        given.put("features.item.idense.dim", Integer.toString(PeerInputs.ITEM_DENSE));
        for (String tower : List.of("user", "item")) {
            given.put("tower." + tower + ".hidden", PeerInputs.HIDDEN[0] + "," + PeerInputs.HIDDEN[1]);
        }
        for (String optimiser : List.of("dense", "rows")) {
            given.put("optimiser." + optimiser + ".learning-rate", "0.05");
            given.put("optimiser." + optimiser + ".initial-accumulator", Float.toString(INITIAL_ACCUMULATOR));
            given.put("optimiser." + optimiser + ".epsilon", "1e-10");
        }
        given.put("optimiser.dense.max-gradient-norm", "0");
        given.put("loss.temperature", "0.1");
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

    /** Copies a step's gradients, in the order of the reference, before they are applied. */
    private static final class Gradients implements StepTimes {
        private static final List<String> TABLES =
                List.of("user", "item", "uc0", "uc1", "uc2", "uc3", "uc4", "uc5", "ic0", "ic1", "ic2");

        private Optional<TwoTower> model = Optional.empty();
        private final List<float[]> networks = new ArrayList<>();
        private final List<float[]> tables = new ArrayList<>();

        @Override
        public void begin() {}

        @Override
        public void lap(Phase phase) {
            if (phase != Phase.BACKWARD || !networks.isEmpty()) {
                return;
            }
            TwoTower learner = model.orElseThrow();
            for (Tower tower : List.of(learner.userTower(), learner.itemTower())) {
                for (float[] tensor : tower.kernel().gradients()) {
                    networks.add(tensor.clone());
                }
            }
            for (String name : TABLES) {
                learner.rowGradients().entrySet().stream()
                        .filter(entry -> entry.getKey().equals(name))
                        .forEach(entry -> tables.add(spread(learner, name, entry.getValue())));
            }
        }

        /** [rows, width] by the number in the key. */
        private static float[] spread(TwoTower learner, String name, RowGradients gradients) {
            Map<Integer, Integer> numbers = new HashMap<>();
            int[] rows = {0};
            learner.tables().values().stream()
                    .filter(table -> table.name().equals(name))
                    .forEach(table -> {
                        rows[0] = table.size();
                        table.forEach((key, row) -> numbers.put(row, Integer.parseInt(key)));
                    });
            float[] spread = new float[rows[0] * PeerInputs.ROW];
            for (int slot = 0; slot < gradients.count(); slot++) {
                int number = numbers.getOrDefault(gradients.row(slot), -1);
                System.arraycopy(
                        gradients.sums(), slot * PeerInputs.ROW, spread, number * PeerInputs.ROW, PeerInputs.ROW);
            }
            return spread;
        }
    }
}
