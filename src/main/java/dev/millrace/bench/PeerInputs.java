package dev.millrace.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The inputs of the kernel benchmark: {@value #EXAMPLES} examples over Zipf-distributed ids, in the shapes of the PyTorch peer;
 * read from its files, or drawn alike from a seed. All examples of an item have the same categories and numbers of it, since a learner
 * knows an item by its catalogue.
 *
 * @param whole arrays of whole numbers by name: uid, iid [examples], ucat [examples, 6], icat [examples, 3], hist [examples,
 *     20] (−1: none), hlen [examples]
 * @param real arrays of floats by name: udense [examples, 8], idense [examples, 4], logq [examples], tables t_*, networks u1_W …
 */
record PeerInputs(Map<String, int[]> whole, Map<String, float[]> real) {

    static final int EXAMPLES = 64 * 1024;
    static final int USERS = 200_000;
    static final int ITEMS = 100_000;
    static final int ROW = 32;
    static final int HISTORY = 20;
    static final int USER_DENSE = 8;
    static final int ITEM_DENSE = 4;
    static final int[] USER_CATEGORIES = {10, 50, 100, 500, 1000, 5000};
    static final int[] ITEM_CATEGORIES = {50, 500, 5000};
    static final int[] HIDDEN = {128, 64};
    static final int DIM = 64;

    int[] wholes(String name) {
        return part(whole, name);
    }

    float[] reals(String name) {
        return part(real, name);
    }

    private static <T> T part(Map<String, T> arrays, String name) {
        T found = arrays.get(name);
        if (found == null) {
            throw new IllegalArgumentException("the inputs have no " + name);
        }
        return found;
    }

    /** @throws UncheckedIOException if a file cannot be read */
    static PeerInputs read(Path folder) {
        Map<String, int[]> whole = new TreeMap<>();
        for (String name : new String[] {"uid", "iid", "ucat", "icat", "hist", "hlen"}) {
            whole.put(name, read(folder.resolve(name), bytes -> {
                int[] values = new int[bytes.remaining() / Integer.BYTES];
                bytes.asIntBuffer().get(values);
                return values;
            }));
        }
        Map<String, float[]> real = new TreeMap<>();
        for (String name : lengths().keySet()) {
            real.put(name, read(folder.resolve(name), bytes -> {
                float[] values = new float[bytes.remaining() / Float.BYTES];
                bytes.asFloatBuffer().get(values);
                return values;
            }));
        }
        return new PeerInputs(whole, real);
    }

    static double[] readDoubles(Path file) {
        return read(file, bytes -> {
            double[] values = new double[bytes.remaining() / Double.BYTES];
            bytes.asDoubleBuffer().get(values);
            return values;
        });
    }

    private static <T> T read(Path file, Function<ByteBuffer, T> reader) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, Files.size(file));
            return reader.apply(bytes.order(ByteOrder.LITTLE_ENDIAN));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    static PeerInputs drawn(long seed) {
        Random random = new Random(seed);
        int[] shuffledItems = shuffled(ITEMS, random);
        int[] shuffledUsers = shuffled(USERS, random);
        double[] itemWeights = zipf(ITEMS, 1);
        double[] userWeights = zipf(USERS, 0.7);
        Map<String, int[]> whole = new TreeMap<>();
        whole.put("uid", new int[EXAMPLES]);
        whole.put("iid", new int[EXAMPLES]);
        whole.put("hlen", new int[EXAMPLES]);
        whole.put("hist", new int[EXAMPLES * HISTORY]);
        whole.put("ucat", new int[EXAMPLES * USER_CATEGORIES.length]);
        whole.put("icat", new int[EXAMPLES * ITEM_CATEGORIES.length]);
        Map<String, float[]> real = new TreeMap<>();
        lengths().forEach((name, length) -> real.put(name, gaussians(length, scale(name), random)));
        PeerInputs inputs = new PeerInputs(whole, real);
        int[] itemCategories = categories(ITEM_CATEGORIES, ITEMS, random);
        float[] itemNumbers = gaussians(ITEMS * ITEM_DENSE, scale("idense"), random);
        System.arraycopy(
                categories(USER_CATEGORIES, EXAMPLES, random),
                0,
                inputs.wholes("ucat"),
                0,
                EXAMPLES * USER_CATEGORIES.length);
        for (int i = 0; i < EXAMPLES; i++) {
            inputs.wholes("uid")[i] = shuffledUsers[draw(userWeights, random)];
            int rank = draw(itemWeights, random);
            int item = shuffledItems[rank];
            inputs.wholes("iid")[i] = item;
            inputs.reals("logq")[i] = (float) Math.log(itemWeights[rank] - (rank == 0 ? 0 : itemWeights[rank - 1]));
            System.arraycopy(
                    itemCategories,
                    item * ITEM_CATEGORIES.length,
                    inputs.wholes("icat"),
                    i * ITEM_CATEGORIES.length,
                    ITEM_CATEGORIES.length);
            System.arraycopy(itemNumbers, item * ITEM_DENSE, inputs.reals("idense"), i * ITEM_DENSE, ITEM_DENSE);
            int length = random.nextInt(10) < 8 ? HISTORY : random.nextInt(HISTORY);
            inputs.wholes("hlen")[i] = length;
            for (int h = 0; h < HISTORY; h++) {
                inputs.wholes("hist")[i * HISTORY + h] = h < length ? shuffledItems[draw(itemWeights, random)] : -1;
            }
        }
        return inputs;
    }

    /** Lengths of the arrays of floats, by name. */
    private static Map<String, Integer> lengths() {
        Map<String, Integer> lengths = new TreeMap<>();
        lengths.put("udense", EXAMPLES * USER_DENSE);
        lengths.put("idense", EXAMPLES * ITEM_DENSE);
        lengths.put("logq", EXAMPLES);
        lengths.put("t_user", USERS * ROW);
        lengths.put("t_item", ITEMS * ROW);
        for (int k = 0; k < USER_CATEGORIES.length; k++) {
            lengths.put("t_uc" + k, USER_CATEGORIES[k] * ROW);
        }
        for (int k = 0; k < ITEM_CATEGORIES.length; k++) {
            lengths.put("t_ic" + k, ITEM_CATEGORIES[k] * ROW);
        }
        network(lengths, "u", ROW * (2 + USER_CATEGORIES.length) + USER_DENSE);
        network(lengths, "i", ROW * (1 + ITEM_CATEGORIES.length) + ITEM_DENSE);
        return lengths;
    }

    private static void network(Map<String, Integer> lengths, String tower, int inputs) {
        int[] widths = {inputs, HIDDEN[0], HIDDEN[1], DIM};
        for (int layer = 1; layer < widths.length; layer++) {
            lengths.put(tower + layer + "_W", widths[layer - 1] * widths[layer]);
            lengths.put(tower + layer + "_b", widths[layer]);
        }
    }

    private static double scale(String name) {
        if (name.endsWith("dense")) {
            return 1;
        }
        return name.endsWith("_b") ? 0.05 : 0.1;
    }

    private static float[] gaussians(int length, double scale, Random random) {
        float[] values = new float[length];
        for (int at = 0; at < length; at++) {
            values[at] = (float) (random.nextGaussian() * scale);
        }
        return values;
    }

    private static int[] categories(int[] sizes, int n, Random random) {
        int[] values = new int[n * sizes.length];
        for (int k = 0; k < sizes.length; k++) {
            double[] weights = zipf(sizes[k], 0.5);
            for (int i = 0; i < n; i++) {
                values[i * sizes.length + k] = draw(weights, random);
            }
        }
        return values;
    }

    /** Cumulated probabilities. */
    private static double[] zipf(int n, double exponent) {
        double[] cumulated = new double[n];
        double sum = 0;
        for (int at = 0; at < n; at++) {
            sum += Math.pow(at + 1, -exponent);
            cumulated[at] = sum;
        }
        for (int at = 0; at < n; at++) {
            cumulated[at] /= sum;
        }
        return cumulated;
    }

    private static int draw(double[] cumulated, Random random) {
        int found = java.util.Arrays.binarySearch(cumulated, random.nextDouble());
        return Math.min(found < 0 ? -1 - found : found, cumulated.length - 1);
    }

    private static int[] shuffled(int n, Random random) {
        int[] numbers = new int[n];
        for (int at = 0; at < n; at++) {
            int other = random.nextInt(at + 1);
            numbers[at] = numbers[other];
            numbers[other] = at;
        }
        return numbers;
    }
}
