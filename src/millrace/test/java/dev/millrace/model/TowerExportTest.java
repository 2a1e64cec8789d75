package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.checkpoint.OnnxTower;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares exported ONNX towers in ONNX Runtime with our own. */
class TowerExportTest {

    private static final float TOLERANCE = 1e-5f;
    private static final int USERS = 24;

    @ParameterizedTest(name = "{0}")
    @MethodSource("dev.millrace.model.Scenes#towersAndFeatures")
    void onnxRuntimeComputesTheSameVectors(String name, String declared) throws OrtException {
        TwoTower model = learnt(Scenes.settings(declared));
        List<String> items = new ArrayList<>(
                IntStream.range(0, Scenes.ITEMS).mapToObj(item -> "i" + item).toList());
        items.add("nobody");
        float[] expectedUsers = userVectors(model, Map.of());
        float[] expectedItems = new float[items.size() * model.dim()];
        model.itemVectors(items, expectedItems);

        float[] userVectors =
                run(to -> model.exportTower(Side.USER, to), model.userTower().inputRows(USERS), USERS, asSet(model));
        float[] itemVectors = run(
                to -> model.exportTower(Side.ITEM, to),
                model.itemTower().inputRows(items.size()),
                items.size(),
                Map.of());

        assertClose(userVectors, expectedUsers);
        assertClose(itemVectors, expectedItems);
    }

    @Test
    void aGraphOfDenseLayersIsTheSameInOnnx() throws OrtException, IOException {
        TwoTower model = learnt(Scenes.settings(Dl4jExportTest.withGraph("mlp")));
        float[] expected = userVectors(model, Map.of());
        float[] vectors =
                run(to -> model.exportTower(Side.USER, to), model.userTower().inputRows(USERS), USERS, Map.of());

        assertClose(vectors, expected);
    }

    @Test
    void factorsApplyOtherWeightsOfTheChannels() throws OrtException {
        ModelSettings settings = Scenes.settings(Scenes.OBJECTIVES);
        TwoTower model = learnt(settings);

        Map<String, Double> weights = Map.of("all", 0.0, "click", 1.0, "like", 3.0);
        float[] expected = userVectors(model, weights);

        // w √C / Σ w: C = 3 channels, the weights add up to 4
        float root = (float) Math.sqrt(3);
        float[] actual = run(
                to -> model.exportTower(Side.USER, to),
                model.userTower().inputRows(USERS),
                USERS,
                Map.of(OnnxTower.FACTORS, new float[] {0, root / 4, 3 * root / 4}));

        assertClose(actual, expected);
    }

    @Test
    void aRowWithoutDirectionIsAVectorOfZeros() throws OrtException {
        // linear, with biases of 0: a billionth in, some billionths out, below the least length
        TwoTower model = new TwoTower(Scenes.settings("tower.user.hidden="), Scenes.catalogue());
        int inputs = model.userTower().kernel().shape().inputs();
        float[] rows = new float[2 * inputs];
        rows[0] = 1e-9f;
        rows[inputs] = 1;

        float[] vectors = run(to -> model.exportTower(Side.USER, to), rows, 2, Map.of());

        for (int d = 0; d < model.dim(); d++) {
            assertThat(vectors[d]).isZero();
        }
        assertThat(Tower.norm(vectors, model.dim(), model.dim())).isCloseTo(1f, within(1e-6f));
    }

    private static Map<String, float[]> asSet(TwoTower model) {
        return model.channels() > 1
                ? Map.of(OnnxTower.FACTORS, model.userTower().factorsAsSet())
                : Map.of();
    }

    private static TwoTower learnt(ModelSettings settings) {
        TwoTower model = new TwoTower(settings, Scenes.catalogue());
        for (int step = 1; step <= 3; step++) {
            model.learn(Scenes.batch(step, 24, 10));
        }
        return model;
    }

    /** The vectors of some users, of whom some are new. */
    private static float[] userVectors(TwoTower model, Map<String, Double> weights) {
        Random random = new Random(11);
        List<UserFeatures> users = Scenes.batch(99, USERS, 0).examples().stream()
                .map(TrainingExample::user)
                .toList();
        List<Features> contexts =
                Stream.generate(() -> Scenes.context(random)).limit(USERS).toList();
        float[] vectors = new float[USERS * model.dim()];
        model.userVectors(users, contexts, weights, vectors);
        return vectors;
    }

    private static void assertClose(float[] actual, float[] expected) {
        assertThat(actual).containsExactly(expected, within(TOLERANCE));
    }

    /** @param rows [n, inputs] */
    private static float[] run(Consumer<TowerExport> export, float[] rows, int n, Map<String, float[]> others)
            throws OrtException {
        OnnxTower tower = new OnnxTower("tower");
        export.accept(tower);
        OrtEnvironment runtime = OrtEnvironment.getEnvironment();
        try (OrtSession session = runtime.createSession(tower.bytes(Map.of("step", "3")))) {
            NodeInfo made = Optional.ofNullable(session.getOutputInfo().get(OnnxTower.OUTPUT))
                    .orElseThrow();
            int width = (int) ((TensorInfo) made.getInfo()).getShape()[1];
            Map<String, OnnxTensor> inputs = new HashMap<>();
            inputs.put(
                    OnnxTower.INPUT,
                    OnnxTensor.createTensor(runtime, FloatBuffer.wrap(rows), new long[] {n, rows.length / n}));
            for (Map.Entry<String, float[]> other : others.entrySet()) {
                inputs.put(
                        other.getKey(),
                        OnnxTensor.createTensor(
                                runtime, FloatBuffer.wrap(other.getValue()), new long[] {1, other.getValue().length}));
            }
            try (OrtSession.Result result = session.run(inputs)) {
                float[] vectors = new float[n * width];
                ((OnnxTensor) result.get(OnnxTower.OUTPUT).orElseThrow())
                        .getFloatBuffer()
                        .get(vectors);
                return vectors;
            } finally {
                inputs.values().forEach(OnnxTensor::close);
            }
        }
    }
}
