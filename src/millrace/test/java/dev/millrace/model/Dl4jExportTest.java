package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.checkpoint.Dl4jTower;
import dev.millrace.checkpoint.OnnxTower;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.graph.GraphInput;
import dev.millrace.model.graph.UnexportableException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Opens exported towers with DL4J alone, and compares their outputs with our own. */
class Dl4jExportTest {

    private static final int USERS = 24;

    private final Path folder;

    Dl4jExportTest(@TempDir Path folder) {
        this.folder = folder;
    }

    /** Settings of a model whose user tower has a graph. */
    static String withGraph(String name) throws IOException {
        String graph = Files.readString(Path.of("config/graphs/" + name + ".json"));
        return "tower.channels=dl4j tower.channel.dl4j.user.graph=" + graph.replaceAll("\\s", "");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dev.millrace.model.Scenes#towersAndFeatures")
    void dl4jComputesTheSameVectors(String name, String declared) throws IOException {
        compare(learnt(Scenes.settings(declared)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlp", "lstm", "convolution", "attention"})
    void graphsAreExportedAsTheyAre(String name) throws IOException {
        compare(learnt(Scenes.settings(withGraph(name))));
    }

    @Test
    void aSequenceHasNoCounterpartInOnnx() throws IOException {
        TwoTower model = learnt(Scenes.settings(withGraph("lstm")));
        assertThatThrownBy(() -> model.exportTower(Side.USER, new OnnxTower("user")))
                .isInstanceOf(UnexportableException.class)
                .hasMessageContaining("history");
    }

    private void compare(TwoTower model) throws IOException {
        List<UserFeatures> users = Scenes.batch(99, USERS, 0).examples().stream()
                .map(TrainingExample::user)
                .toList();
        float[] expected = new float[USERS * model.dim()];
        model.userVectors(users, Collections.nCopies(USERS, Features.NONE), expected);
        ComputationGraph opened = opened(model, Side.USER);
        Tower tower = model.userTower();
        float[] rows = tower.inputRows(USERS);
        assertThat(output(opened, tower, rows, USERS)).containsExactly(expected, within(1e-5f));

        List<String> items = List.of("i1", "i2", "i3", "nobody");
        float[] vectors = new float[items.size() * model.dim()];
        model.itemVectors(items, vectors);
        assertThat(output(
                        opened(model, Side.ITEM),
                        model.itemTower(),
                        model.itemTower().inputRows(4),
                        4))
                .containsExactly(vectors, within(1e-5f));
    }

    private ComputationGraph opened(TwoTower model, Side side) throws IOException {
        Path file = folder.resolve(side.text() + ".zip");
        Dl4jTower tower = new Dl4jTower();
        model.exportTower(side, tower);
        try (OutputStream out = Files.newOutputStream(file)) {
            tower.write(out);
        }
        return ComputationGraph.load(file.toFile(), false);
    }

    private static float[] output(ComputationGraph opened, Tower tower, float[] rows, int n) {
        List<String> names = opened.getConfiguration().getNetworkInputs();
        INDArray[] given = new INDArray[names.size()];
        INDArray[] masks = new INDArray[names.size()];
        for (int at = 0; at < given.length; at++) {
            String name = names.get(at);
            Optional<GraphInput> sequence = tower.kernel().shape().sequences().stream()
                    .filter(columns -> columns.name().equals(name))
                    .findFirst();
            if (sequence.isPresent()) {
                given[at] = history(sequence.get(), rows, n);
                masks[at] = mask(sequence.get(), rows, n);
            } else if (name.equals(Dl4jTower.FACTORS)) {
                float[] factors = tower.factorsAsSet();
                given[at] =
                        Nd4j.createFromArray(factors).reshape(1, factors.length).repeat(0, n);
            } else {
                int fields = tower.kernel().shape().fields();
                given[at] = Nd4j.create(n, fields);
                for (int i = 0; i < n; i++) {
                    for (int column = 0; column < fields; column++) {
                        given[at].putScalar(i, column, rows[i * (rows.length / n) + column]);
                    }
                }
            }
        }
        return opened.output(false, given, masks)[0].dup('c').data().asFloat();
    }

    private static INDArray history(GraphInput columns, float[] rows, int n) {
        INDArray history = Nd4j.create(n, columns.width(), columns.places());
        for (int i = 0; i < n; i++) {
            int first = i * (rows.length / n) + columns.first();
            for (int place = 0; place < rows[first]; place++) {
                for (int d = 0; d < columns.width(); d++) {
                    history.putScalar(i, d, place, rows[first + 1 + place * columns.width() + d]);
                }
            }
        }
        return history;
    }

    private static INDArray mask(GraphInput columns, float[] rows, int n) {
        INDArray mask = Nd4j.create(n, columns.places());
        for (int i = 0; i < n; i++) {
            int count = (int) rows[i * (rows.length / n) + columns.first()];
            for (int place = 0; place < Math.max(1, count); place++) {
                mask.putScalar(i, place, 1);
            }
        }
        return mask;
    }

    private static TwoTower learnt(ModelSettings settings) {
        TwoTower model = new TwoTower(settings, Scenes.catalogue());
        for (int step = 1; step <= 3; step++) {
            model.learn(Scenes.batch(step, 24, 10));
        }
        return model;
    }
}
