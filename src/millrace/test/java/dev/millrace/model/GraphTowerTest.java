package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.table.EmbeddingTable;
import dev.millrace.settings.SettingFault;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model whose user tower is a graph of DL4J. */
class GraphTowerTest {

    private static final Map<String, String> ONE_THREAD = Map.of("OMP_NUM_THREADS", "1", "OPENBLAS_NUM_THREADS", "1");
    private static final int USERS = 8;

    private static float[] userVectors(TwoTower model) {
        List<UserFeatures> users = users();
        float[] vectors = new float[USERS * model.dim()];
        model.userVectors(users, Collections.nCopies(USERS, Features.NONE), vectors);
        return vectors;
    }

    private static List<UserFeatures> users() {
        return Scenes.batch(99, USERS, 0).examples().stream()
                .map(TrainingExample::user)
                .toList();
    }

    @Test
    void denseLayersOfDl4jLearnWhatTheBuiltInOnesLearn() throws IOException {
        TwoTower graph = new TwoTower(Scenes.settings(Dl4jExportTest.withGraph("mlp")), Scenes.catalogue());
        TwoTower builtIn = new TwoTower(Scenes.settings("tower.user.hidden=64"), Scenes.catalogue());
        copyWeights(graph.userTower().weights(), builtIn.userTower().weights());
        assertThat(userVectors(graph)).containsExactly(userVectors(builtIn), within(1e-5f));

        graph.learn(Scenes.batch(1, 24, 10));
        builtIn.learn(Scenes.batch(1, 24, 10));

        assertThat(userVectors(graph)).containsExactly(userVectors(builtIn), within(1e-5f));
        float[] items = new float[2 * graph.dim()];
        float[] builtInItems = new float[2 * graph.dim()];
        graph.itemVectors(List.of("i1", "i2"), items);
        builtIn.itemVectors(List.of("i1", "i2"), builtInItems);
        assertThat(items).containsExactly(builtInItems, within(1e-5f));
    }

    /** @param graph all matrices, then all biases; a matrix of DL4J is kept column by column */
    private static void copyWeights(float[][] graph, float[][] builtIn) {
        int matrix = 0;
        int bias = 0;
        for (int layer = 0; layer < 2; layer++) {
            float[] biases = builtIn[2 * layer + 1];
            float[] weights = builtIn[2 * layer];
            int out = biases.length;
            int in = weights.length / out;
            for (int i = 0; i < in; i++) {
                for (int o = 0; o < out; o++) {
                    weights[i * out + o] = graph[0][matrix + o * in + i];
                }
            }
            System.arraycopy(graph[1], bias, biases, 0, out);
            matrix += weights.length;
            bias += out;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlp", "lstm", "convolution", "attention"})
    void restoredModelsGoOnWithTheSameBits(String name) throws IOException {
        ModelSettings settings = Scenes.settings(Dl4jExportTest.withGraph(name));
        TwoTower model = new TwoTower(settings, Scenes.catalogue());
        SortedMap<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        for (int step = 1; step <= 3; step++) {
            model.learn(Scenes.batch(step, 24, 10));
            drain(model, stored);
        }
        TwoTower restored = new TwoTower(settings, Scenes.catalogue());
        stored.forEach(restored::restore);
        assertThat(userVectors(restored)).containsExactly(userVectors(model));

        QueryEncoder encoder = encoder(settings, model, stored);
        assertThat(encoder.isReady()).isTrue();
        float[] expected = userVectors(model);
        float[] vector = new float[model.dim()];
        for (int i = 0; i < USERS; i++) {
            encoder.encode(users().get(i), Features.NONE, Map.of(), vector);
            assertThat(vector)
                    .containsExactly(
                            Arrays.copyOfRange(expected, i * vector.length, (i + 1) * vector.length), within(1e-6f));
        }

        model.learn(Scenes.batch(4, 24, 10));
        restored.learn(Scenes.batch(4, 24, 10));
        SortedMap<byte[], byte[]> ofRestored = new TreeMap<>(stored);
        drain(model, stored);
        drain(restored, ofRestored);
        assertThat(ofRestored.keySet()).containsExactlyElementsOf(stored.keySet());
        stored.forEach((key, value) -> assertThat(ofRestored.get(key)).containsExactly(value));
    }

    private static void drain(TwoTower model, SortedMap<byte[], byte[]> into) {
        model.drainDirty(new dev.millrace.state.EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                into.put(key, value);
            }

            @Override
            public void delete(byte[] key) {
                into.remove(key);
            }
        });
    }

    /** Rows of items that only histories read: by SGD, a step moves them by their gradients, which differences of the loss show too. */
    @ParameterizedTest
    @ValueSource(strings = {"lstm", "attention"})
    void rowsOfHistoriesGetTheirGradientsThroughTheGraph(String name) throws IOException {
        String declared = Dl4jExportTest.withGraph(name).replace("ReLU", "TanH");
        ModelSettings settings = Scenes.settings(
                declared,
                "tower.skip=false",
                "features.user.history.table=histories",
                "optimiser.rows.kind=sgd",
                "optimiser.rows.sgd.learning-rate=1",
                "optimiser.refuse-gradient-norm=0");
        String item = "i5";
        EmbeddingTable after = table(settings, item, 0, 0).table();
        Moved plain = table(settings, item, 0, 0);
        double size = 0;
        for (int d = 0; d < plain.before().length; d++) {
            double slope = (table(settings, item, d, 0.01f).loss()
                            - table(settings, item, d, -0.01f).loss())
                    / 0.02;
            float moved = 64 * (after.values()[after.row(item) * after.dim() + d] - plain.before()[d]);
            assertThat(-(double) moved).isCloseTo(slope, within(0.02 + 0.05 * Math.abs(slope)));
            size += Math.abs(slope);
        }
        assertThat(size).isGreaterThan(0.5);
    }

    /**
     * A step with one number of a row moved before.
     *
     * @param before the row as it was
     * @param loss that the step descends, times 64
     */
    private record Moved(EmbeddingTable table, float[] before, double loss) {}

    private static Moved table(ModelSettings settings, String item, int component, float by) {
        TwoTower model = new TwoTower(settings, Scenes.catalogue());
        model.learn(Scenes.batch(1, 24, 10));
        EmbeddingTable table =
                Optional.ofNullable(model.tables().get("histories")).orElseThrow();
        int at = table.row(item) * table.dim();
        float[] before = Arrays.copyOfRange(table.values(), at, at + table.dim());
        table.values()[at + component] += by;
        MiniBatch batch = Scenes.batch(2, 24, 10);
        return new Moved(
                table,
                before,
                64 * settings.loss().share(batch) * model.learn(batch).loss());
    }

    @Test
    void aRefusedStepLeavesTheGraphAsItWas() throws IOException {
        TwoTower model = new TwoTower(
                Scenes.settings(Dl4jExportTest.withGraph("lstm"), "optimiser.refuse-gradient-norm=1e-9"),
                Scenes.catalogue());
        float[] before = userVectors(model);
        float[][] weights =
                Arrays.stream(model.userTower().weights()).map(float[]::clone).toArray(float[][]::new);
        assertThatThrownBy(() -> model.learn(Scenes.batch(1, 24, 10))).isInstanceOf(RefusedStepException.class);
        assertThat(model.userTower().weights()).isDeepEqualTo(weights);
        assertThat(userVectors(model)).containsExactly(before);
    }

    @Test
    void aGraphInTheItemTowerReadsFeaturesAlone() throws IOException {
        String graph = Dl4jExportTest.withGraph("mlp").replace(".user.graph", ".item.graph");
        TwoTower model = new TwoTower(Scenes.settings(graph), Scenes.catalogue());
        model.learn(Scenes.batch(1, 24, 10));
        float[] one = new float[model.dim()];
        float[] both = new float[2 * model.dim()];
        model.itemVectors(List.of("i2"), one);
        model.itemVectors(List.of("i1", "i2"), both);
        assertThat(Arrays.copyOfRange(both, model.dim(), 2 * model.dim())).containsExactly(one);
        String sequence = Dl4jExportTest.withGraph("lstm").replace(".user.graph", ".item.graph");
        assertThatThrownBy(() -> Scenes.settings(sequence))
                .hasMessageContaining("tower.channel.dl4j.item.graph")
                .hasMessageContaining("has input history: must be one of [features]");
    }

    @Test
    void aGraphStandsBesideOtherChannelsAndFieldWeights() throws IOException {
        String graph = Dl4jExportTest.withGraph("lstm").replace("tower.channels=dl4j", "tower.channels=dl4j,mlp,cross");
        TwoTower model = new TwoTower(Scenes.settings(graph, "tower.user.senet=true"), Scenes.catalogue());
        for (int step = 1; step <= 3; step++) {
            model.learn(Scenes.batch(step, 24, 10));
        }
        assertThat(userVectors(model)).doesNotContain(Float.NaN);
    }

    @Test
    void whatKeepsAGraphFromRunningIsAFault() throws IOException {
        ModelSettings fits = Scenes.settings(Dl4jExportTest.withGraph("lstm"));
        assertThat(fits.graphFaults(ONE_THREAD)).isEmpty();
        assertThat(fits.graphFaults(Map.of()))
                .extracting(SettingFault::toString)
                .anySatisfy(fault ->
                        assertThat(fault).startsWith("tower.channel.dl4j.kind = dl4j: needs OMP_NUM_THREADS = 1"));
        String wide = Dl4jExportTest.withGraph("lstm").replace("\"nout\":0", "\"nout\":7");
        assertThat(Scenes.settings(wide).graphFaults(ONE_THREAD))
                .extracting(SettingFault::toString)
                .singleElement()
                .asString()
                .contains("tower.channel.dl4j.user.graph")
                .contains("output vector has shape [5, 7]: must be [rows, 8], as tower.dim is");
    }

    /** Queries of many threads share networks of one graph, at two states of its weights. */
    @Test
    void manyThreadsEncodeAtOnce() throws Exception {
        ModelSettings settings = Scenes.settings(Dl4jExportTest.withGraph("lstm"));
        List<QueryEncoder> encoders = new ArrayList<>();
        List<float[]> expected = new ArrayList<>();
        for (int steps = 1; steps <= 2; steps++) {
            TwoTower model = new TwoTower(settings, Scenes.catalogue());
            SortedMap<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
            for (int step = 1; step <= steps; step++) {
                model.learn(Scenes.batch(step, 24, 10));
            }
            drain(model, stored);
            encoders.add(encoder(settings, model, stored));
            expected.add(userVectors(model));
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> queries = new ArrayList<>();
            for (int query = 0; query < 100; query++) {
                int which = query % 2;
                int user = query / 2 % USERS;
                queries.add(threads.submit(() -> {
                    float[] vector = new float[expected.get(which).length / USERS];
                    encoders.get(which).encode(users().get(user), Features.NONE, Map.of(), vector);
                    assertThat(vector)
                            .containsExactly(
                                    Arrays.copyOfRange(
                                            expected.get(which), user * vector.length, (user + 1) * vector.length),
                                    within(1e-6f));
                }));
            }
            for (Future<?> query : queries) {
                query.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static QueryEncoder encoder(ModelSettings settings, TwoTower model, SortedMap<byte[], byte[]> stored) {
        QueryEncoder encoder = new QueryEncoder(
                settings, key -> Optional.ofNullable(stored.get(key)).map(QueryEncoder::row), item -> Features.NONE);
        stored.forEach((key, value) -> {
            if (model.isQuerySide(key) && !QueryEncoder.isRow(key)) {
                encoder.update(key, value);
            }
        });
        encoder.refresh();
        return encoder;
    }
}
