package dev.millrace.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a graph may hold, whoever wrote it. */
class DeclaredGraphTest {

    private static String json(String name) throws IOException {
        return Files.readString(Path.of("config/graphs/" + name + ".json"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlp", "lstm", "convolution", "attention"})
    void theReadyGraphsAreGraphs(String name) throws IOException {
        DeclaredGraph graph = GraphText.read(json(name));
        assertThat(graph.inputs()).contains("features");
        assertThat(graph.output()).isEqualTo("vector");
        assertThat(graph.parameters()).isEmpty();
        assertThat(GraphText.read(graph.configuration())).isEqualTo(graph);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // a class that is none of a layer's
                "org.nd4j.linalg.activations.impl.ActivationReLU|javax.script.ScriptEngineManager"
                        + "|vertex hidden has class javax.script.ScriptEngineManager, which a graph must not have",
                "org.deeplearning4j.nn.conf.layers.DenseLayer|org.deeplearning4j.nn.conf.layers.BatchNormalization"
                        + "|vertex hidden has a layer of class org.deeplearning4j.nn.conf.layers.BatchNormalization",
                "org.deeplearning4j.nn.conf.graph.LayerVertex|org.deeplearning4j.nn.conf.graph.FrozenVertex"
                        + "|vertex hidden has class org.deeplearning4j.nn.conf.graph.FrozenVertex: must be one of",
                "\"regularization\": []|\"regularization\": [ {} ]|vertex hidden has regularization [{}]: must be [] or null",
                "\"gradientNormalization\": \"None\"|\"gradientNormalization\": \"ClipElementWiseAbsoluteValue\""
                        + "|vertex hidden has gradientNormalization",
                "\"nout\": 64|\"nout\": 1000000|vertex hidden has nout 1000000: must be in [0, 8192]",
                "\"nout\": 64|\"nout\": -1|vertex hidden has nout -1",
                "\"dataType\": \"FLOAT\"|\"dataType\": \"DOUBLE\"|dataType \"DOUBLE\": must be \"FLOAT\"",
                "\"networkOutputs\": [|\"networkOutputs\": [ \"hidden\",|must have one output",
                // Jackson also takes a list for an object with its class
                "\"idropout\": null|\"idropout\": [\"org.deeplearning4j.nn.conf.dropout.GaussianNoise\", {}]"
                        + "|vertex hidden has a list idropout of other things than numbers",
                "\"idropout\": null|\"idropout\": [\"org.deeplearning4j.nn.conf.dropout.GaussianNoise\"]"
                        + "|vertex hidden has a list idropout of other things than numbers",
                "\"idropout\": null|\"idropout\": {\"p\": 0.5}|vertex hidden has a part without a class",
                "\"networkInputs\": [|\"networkInputs\": [ {},|a list networkInputs of other things than names",
                "\"networkInputs\":|\"inputs\":|must have an input",
                "\"vertexInputs\": {|\"vertexInputs\": {\"other\": \"features\",|has vertexInputs that is no list",
                "\"tbpttFwdLength\": 20|\"tbpttFwdLength\": 257|tbpttFwdLength 257: must be in [0, 256]",
                "\"backpropType\": \"Standard\"|\"backpropType\": \"TruncatedBPTT\""
                        + "|must not have truncated back-propagation through time",
                "\"vertices\":|\"layers\":|must be a ComputationGraphConfiguration",
            })
    void whatAGraphMustNotHold(String found, String replaced, String rule) throws IOException {
        String other = json("mlp").replace(found, replaced);
        assertThat(other).isNotEqualTo(json("mlp"));
        assertThatThrownBy(() -> GraphText.read(other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(rule);
    }

    /** The product of heads and widths is an integer of DL4J's, which runs over. */
    @Test
    void attentionOfMoreHeadsThanItsParametersCanBeCounted() throws IOException {
        String heads = json("attention").replaceFirst("\"nheads\": \\d+", "\"nheads\": 1267423393");
        String size = json("attention").replaceFirst("\"headSize\": \\d+", "\"headSize\": 14569093");

        assertThatThrownBy(() -> GraphText.read(heads)).hasMessageContaining("nheads 1267423393: must be in [0, 64]");
        assertThatThrownBy(() -> GraphText.read(size)).hasMessageContaining("headSize 14569093: must be in [0, 256]");
    }

    @Test
    void whatIsNoJson() throws IOException {
        for (String text : List.of("{", json("mlp") + "{}")) {
            assertThatThrownBy(() -> GraphText.read(text))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("is no JSON");
        }
        assertThatThrownBy(() -> GraphText.read("{" + " ".repeat(5 << 20) + "}"))
                .hasMessageContaining("has 5242882 characters, and a graph at most");
    }

    @Test
    void theSeedOfTheDayOnWhichItWasBuiltIsNotOfTheGraph() throws IOException {
        String seeded = json("mlp").replace("\"epochCount\": 0", "\"seed\": 1796063956537, \"epochCount\": 0");
        assertThat(seeded).contains("\"seed\"");
        assertThat(GraphText.compact(seeded)).isEqualTo(GraphText.compact(json("mlp")));
        // but of its names
        String named = json("mlp").replace("\"hidden\"", "\"seed\"");
        assertThat(GraphText.read(named).configuration()).contains("\"seed\":{", "\"seed\":[");
    }

    @Test
    void onlyTheWidthsAreOfTheGraph() throws IOException {
        String shaped = json("attention").replace("\"idropout\"", "\"layerParams\": {\"W\": [1, 2]}, \"idropout\"");
        assertThat(shaped).contains("layerParams");
        assertThat(GraphText.compact(shaped)).isEqualTo(GraphText.compact(json("attention")));
    }

    @Test
    void aGraphHasABoundOfParameters() throws IOException {
        String wide = json("mlp").replace("\"nin\": 0", "\"nin\": 8192").replace("\"nout\": 64", "\"nout\": 8192");
        assertThatThrownBy(() -> GraphText.read(wide)).hasMessageContaining("parameters, and a graph at most 1000000");
    }

    @Test
    void aGraphHasABoundOfVertices() throws IOException {
        StringBuilder vertices = new StringBuilder();
        for (int each = 0; each < 100; each++) { // beside its own
            vertices.append("\"m%d\": {\"@class\": \"org.deeplearning4j.nn.conf.graph.MergeVertex\"},".formatted(each));
        }
        String many = json("mlp").replace("\"vertices\": {", "\"vertices\": {" + vertices);
        assertThatThrownBy(() -> GraphText.read(many)).hasMessageContaining("has more than 100 vertices");
    }

    @Test
    void aSavedOneHasAsManyParametersAsItsConfiguration() throws IOException {
        String fixed = json("mlp").replace("\"nin\": 0", "\"nin\": 64").replace("\"nout\": 0", "\"nout\": 64");
        int count = 2 * (64 * 64 + 64);
        float[] parameters = new float[count];
        parameters[7] = 0.25f;
        DeclaredGraph saved = GraphText.read(GraphText.of(fixed, parameters));
        assertThat(saved.parameters().orElseThrow()).containsExactly(parameters);
        assertThatThrownBy(() -> GraphText.read(GraphText.of(fixed, new float[count - 1])))
                .hasMessageContaining("has 8320 parameters, and 8319 were saved with it");
        // 4 * 8320 = 33280 bytes end with a group of one byte in Base64; as a full group it has two more
        String stray = GraphText.of(fixed, parameters).replace("==\"}", "AA\"}");
        assertThatThrownBy(() -> GraphText.read(stray))
                .hasMessageContaining("has saved parameters of 33282 bytes: must be 4 for each");
    }

    /** Of DL4J's documentation: two inputs, each with a layer, merged; and layers that also read what the layer before them read. */
    @ParameterizedTest
    @ValueSource(strings = {"merge", "skip", "bidirectional"})
    void graphsThatOthersWrote(String name) throws IOException {
        String text = Files.readString(Path.of("src/millrace/test/resources/graphs/" + name + ".json"));
        DeclaredGraph graph = GraphText.read(text);
        assertThat(graph.configuration()).doesNotContain("layers.OutputLayer", "lossFn");
    }

    @Test
    void largeMergesAndCyclesAreRefused() throws IOException {
        String twice = "\"m%d\": {\"@class\": \"org.deeplearning4j.nn.conf.graph.MergeVertex\"},";
        StringBuilder vertices = new StringBuilder();
        StringBuilder inputs = new StringBuilder("\"m0\": [\"features\", \"features\"],");
        for (int each = 0; each < 30; each++) {
            vertices.append(twice.formatted(each));
            if (each > 0) {
                inputs.append("\"m%d\": [\"m%d\", \"m%d\"],".formatted(each, each - 1, each - 1));
            }
        }
        String doubling = json("mlp")
                .replace("\"vertices\": {", "\"vertices\": {" + vertices)
                .replace("\"vertexInputs\": {", "\"vertexInputs\": {" + inputs);
        assertThatThrownBy(() -> network(doubling)).hasMessageContaining("merges more than 65536 numbers");
        String circle = doubling.replace("\"m0\": [\"features\", \"features\"]", "\"m0\": [\"m1\"]");
        assertThatThrownBy(() -> network(circle)).hasMessageContaining("reads itself");
    }

    private static GraphNetwork network(String json) {
        GraphInput features = new GraphInput(GraphInput.FEATURES, 0, 8, 0);
        return new GraphNetwork(GraphText.read(json), List.of(features), 64, 1);
    }

    @Test
    void whatIsNestedTooDeepIsRefused() throws IOException {
        String deep = "{\"a\":".repeat(200) + "1" + "}".repeat(200);
        String nested = json("mlp").replaceFirst("\"idropout\": null", "\"idropout\": " + deep);
        assertThatThrownBy(() -> GraphText.read(nested))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is no JSON");
    }

    @Test
    void aSavedParameterIsFinite() throws IOException {
        String fixed = json("mlp").replace("\"nin\": 0", "\"nin\": 64").replace("\"nout\": 0", "\"nout\": 64");
        float[] parameters = new float[2 * (64 * 64 + 64)];
        parameters[3] = Float.NaN;
        assertThatThrownBy(() -> GraphText.read(GraphText.of(fixed, parameters)))
                .hasMessageContaining("has a saved parameter that is NaN");
    }

    @Test
    void anActivationInAListIsNotMade() throws IOException {
        String list = GraphText.read(json("mlp"))
                .configuration()
                .replaceFirst(
                        "\\{\"@class\":\"org.nd4j.linalg.activations.impl.ActivationReLU\"[^}]*}",
                        "[\"org.nd4j.linalg.activations.impl.ActivationRReLU\",{}]");
        assertThatThrownBy(() -> GraphText.read(list))
                .hasMessageContaining("vertex hidden has a list activationFn of other things than numbers");
    }
}
