package dev.millrace.model.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.Team;
import dev.millrace.model.graph.DeclaredGraph;
import dev.millrace.model.graph.GraphInput;
import dev.millrace.model.graph.GraphText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A graph of DL4J as a part of a tower: bits of its rows, gradients, dropout. */
class GraphShapeTest {

    private static final int FEATURES = 24;
    private static final int ROW = 16;
    private static final int PLACES = 5;
    private static final int WIDTH = 64;
    private static final int STRIDE = FEATURES + 1 + PLACES * ROW;
    private static final int ROWS = 21;

    private static final Random RANDOM = new Random(1);

    static DeclaredGraph graph(String name) {
        try {
            return GraphText.read(Files.readString(Path.of("config/graphs/" + name + ".json")));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static GraphShape shape(DeclaredGraph graph) {
        List<GraphInput> all = List.of(
                new GraphInput(GraphInput.FEATURES, 0, FEATURES, 0), new GraphInput("history", FEATURES, ROW, PLACES));
        return new GraphShape(
                graph,
                all.stream()
                        .filter(input -> graph.inputs().contains(input.name()))
                        .toList(),
                STRIDE,
                WIDTH);
    }

    /** Rows whose histories have 0 to all places. */
    private static float[] rows(int n) {
        float[] rows = new float[n * STRIDE];
        for (int i = 0; i < n; i++) {
            int count = i % (PLACES + 1);
            for (int at = 0; at < FEATURES + 1 + count * ROW; at++) {
                rows[i * STRIDE + at] = (float) (RANDOM.nextGaussian() / 2);
            }
            rows[i * STRIDE + FEATURES] = count;
        }
        return rows;
    }

    private static NetworkShape.Kernel learner(GraphShape shape, float[][] weights, float[][] gradients) {
        return shape.kernel(weights, gradients, new NetworkShape.Run(Engine.ofRows(), Team.alone(), true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlp", "lstm", "convolution", "attention"})
    void aRowsBitsDependOnNoOtherRow(String name) {
        assertOfRows(shape(graph(name)));
    }

    @Test
    void layersOfBothDirectionsKeepRowsApart() throws IOException {
        String both = Files.readString(Path.of("src/millrace/test/resources/graphs/bidirectional.json"));
        GraphShape shape = shape(
                GraphText.read(both.replace("\"nin\" : 64", "\"nin\" : 0").replace("\"p\" : 0.8", "\"p\" : 1.0")));
        assertThat(shape.fault()).isEmpty();
        assertOfRows(shape);
    }

    private static void assertOfRows(GraphShape shape) {
        float[][] weights = shape.initialWeights(Engine.VECTOR, 3, 1);
        float[] rows = rows(ROWS);
        NetworkShape.Kernel reader = shape.reader(weights, Engine.ofRows(), Team.alone());
        float[] together = new float[ROWS * WIDTH];
        reader.forward(rows, ROWS, together, 0);
        int[] order = IntStream.range(0, ROWS).map(i -> (7 * i + 3) % ROWS).toArray();
        float[] shuffled = new float[ROWS * STRIDE];
        for (int i = 0; i < ROWS; i++) {
            System.arraycopy(rows, order[i] * STRIDE, shuffled, i * STRIDE, STRIDE);
        }
        float[] others = new float[ROWS * WIDTH];
        reader.forward(shuffled, ROWS, others, 0);
        float[] alone = new float[WIDTH];
        for (int i = 0; i < ROWS; i++) {
            reader.forward(Arrays.copyOfRange(rows, order[i] * STRIDE, (order[i] + 1) * STRIDE), 1, alone, 0);
            assertThat(Arrays.copyOfRange(others, i * WIDTH, (i + 1) * WIDTH))
                    .as("row %d", order[i])
                    .containsExactly(Arrays.copyOfRange(together, order[i] * WIDTH, (order[i] + 1) * WIDTH))
                    .containsExactly(alone);
        }
        assertThat(together).doesNotContain(Float.NaN);
    }

    @Test
    void placesBehindAHistoryAreNotRead() {
        DeclaredGraph lstm = graph("lstm");
        int longer = STRIDE + 4 * ROW;
        GraphShape more = new GraphShape(
                lstm,
                List.of(
                        new GraphInput(GraphInput.FEATURES, 0, FEATURES, 0),
                        new GraphInput("history", FEATURES, ROW, PLACES + 4)),
                longer,
                WIDTH);
        GraphShape shape = shape(lstm);
        float[][] weights = shape.initialWeights(Engine.VECTOR, 3, 1); // as many, however many places
        float[] rows = rows(3);
        float[] row = Arrays.copyOfRange(rows, 2 * STRIDE, 3 * STRIDE); // of two places
        float[] found = new float[WIDTH];
        float[] among = new float[WIDTH];

        shape.reader(weights, Engine.ofRows(), Team.alone()).forward(row, 1, found, 0);
        more.reader(weights, Engine.ofRows(), Team.alone()).forward(Arrays.copyOf(row, longer), 1, among, 0);

        assertThat(among).containsExactly(found, within(1e-6f));
    }

    /** Differences of the loss {@code Σ c out}, from both sides. */
    @ParameterizedTest
    @ValueSource(strings = {"mlp", "lstm", "convolution", "attention"})
    void gradientsAreThoseOfTheForwardPass(String name) {
        int n = 4;
        String smooth = graph(name).configuration().replace("ReLU", "TanH").replace("MAX", "AVG");
        GraphShape shape = shape(GraphText.read(smooth));
        float[][] weights = shape.initialWeights(Engine.VECTOR, 3, 1);
        float[][] gradients = shape.zeros();
        float[] rows = rows(n + 2);
        rows = Arrays.copyOfRange(rows, 2 * STRIDE, (n + 2) * STRIDE); // histories of two places and more
        float[] loss = new float[n * WIDTH];
        for (int at = 0; at < loss.length; at++) {
            loss[at] = (float) RANDOM.nextGaussian();
        }
        NetworkShape.Kernel kernel = learner(shape, weights, gradients);
        float[] out = new float[n * WIDTH];
        kernel.forward(rows, n, out, 0);
        float[] rowGradients = new float[n * STRIDE];
        Arrays.fill(rowGradients, 7); // of a step before
        kernel.backward(loss, n, rowGradients);
        for (int check = 0; check < 40; check++) {
            int row = check % n;
            int count = (int) rows[row * STRIDE + FEATURES];
            int column = check % 2 == 0 ? RANDOM.nextInt(FEATURES) : FEATURES + 1 + RANDOM.nextInt(count * ROW);
            if (!name.equals("mlp") || column < FEATURES) {
                assertSlope(kernel, rows, row * STRIDE + column, n, loss, rowGradients[row * STRIDE + column]);
            }
            for (int tensor = 0; tensor < 2; tensor++) {
                int at = RANDOM.nextInt(weights[tensor].length);
                assertSlope(kernel, rows, weights[tensor], at, n, loss, gradients[tensor][at]);
            }
        }
        assertThat(rowGradients[FEATURES]).isZero();
    }

    private static void assertSlope(
            NetworkShape.Kernel kernel, float[] rows, int at, int n, float[] loss, float gradient) {
        assertSlope(kernel, rows, rows, at, n, loss, gradient);
    }

    private static void assertSlope(
            NetworkShape.Kernel kernel, float[] rows, float[] moved, int at, int n, float[] loss, float gradient) {
        float before = moved[at];
        float step = 0.02f;
        moved[at] = before + step;
        double above = loss(kernel, rows, n, loss);
        moved[at] = before - step;
        double below = loss(kernel, rows, n, loss);
        moved[at] = before;
        double slope = (above - below) / (2 * step);
        assertThat((double) gradient).isCloseTo(slope, within(0.02 + 0.05 * Math.abs(slope)));
    }

    private static double loss(NetworkShape.Kernel kernel, float[] rows, int n, float[] loss) {
        float[] out = new float[n * WIDTH];
        kernel.forward(rows, n, out, 0);
        return IntStream.range(0, out.length)
                .mapToDouble(at -> (double) loss[at] * out[at])
                .sum();
    }

    @Test
    void itsDropoutFollowsTheSeed() {
        GraphShape shape = shape(
                GraphText.read(
                        graph("mlp")
                                .configuration()
                                .replaceFirst(
                                        "\"idropout\":null",
                                        """
                        "idropout":{"@class":"org.deeplearning4j.nn.conf.dropout.Dropout","p":0.5,"pSchedule":null}""")));
        float[][] weights = shape.initialWeights(Engine.VECTOR, 3, 1);
        NetworkShape.Kernel kernel = learner(shape, weights, shape.zeros());
        float[] rows = rows(3);
        float[] first = new float[3 * WIDTH];
        float[] again = new float[3 * WIDTH];
        float[] other = new float[3 * WIDTH];
        kernel.forward(rows, 3, first, 5);
        kernel.forward(rows, 3, other, 6);
        kernel.forward(rows, 3, again, 5);
        assertThat(again).containsExactly(first);
        assertThat(other).isNotEqualTo(first);
    }

    @Test
    void initialWeightsFollowTheSeed() {
        GraphShape shape = shape(graph("lstm"));
        assertThat(shape.initialWeights(Engine.VECTOR, 3, 1)).isDeepEqualTo(shape.initialWeights(Engine.VECTOR, 3, 1));
        assertThat(shape.initialWeights(Engine.VECTOR, 4, 1)[0])
                .isNotEqualTo(shape.initialWeights(Engine.VECTOR, 3, 1)[0]);
    }

    @Test
    void aSavedGraphBeginsWithItsParameters() {
        String fixed = graph("mlp")
                .configuration()
                .replaceFirst("\"nin\":0", "\"nin\":" + FEATURES)
                .replaceFirst("\"nin\":0", "\"nin\":" + WIDTH)
                .replaceFirst("\"nout\":0", "\"nout\":" + WIDTH);
        // DL4J has them layer by layer, each with its matrix, then its biases
        int[] ends = {FEATURES * WIDTH, WIDTH, WIDTH * WIDTH, WIDTH};
        Arrays.parallelPrefix(ends, Integer::sum);
        float[] saved = new float[ends[3]];
        for (int at = 0; at < saved.length; at++) {
            saved[at] = at;
        }

        float[][] begun = shape(GraphText.read(GraphText.of(fixed, saved))).initialWeights(Engine.VECTOR, 3, 0);

        float[] matrices = begun[0];
        float[] biases = begun[1];
        assertThat(Arrays.copyOf(matrices, ends[0])).containsExactly(Arrays.copyOf(saved, ends[0]));
        assertThat(Arrays.copyOfRange(matrices, ends[0], matrices.length))
                .containsExactly(Arrays.copyOfRange(saved, ends[1], ends[2]));
        assertThat(Arrays.copyOf(biases, WIDTH)).containsExactly(Arrays.copyOfRange(saved, ends[0], ends[1]));
        assertThat(Arrays.copyOfRange(biases, WIDTH, biases.length))
                .containsExactly(Arrays.copyOfRange(saved, ends[2], ends[3]));
    }
}
