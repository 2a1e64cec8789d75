package dev.millrace.model.graph;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The texts of graphs, as settings have them. */
public final class GraphText {

    private static final String CONFIGURATION = "configuration";
    private static final String PARAMETERS = "parameters";
    private static final int MOST_DEPTH = 30;
    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MOST_DEPTH)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private GraphText() {}

    /**
     * Reads the text of a setting: a configuration, or what {@link #of} wrote.
     *
     * @throws IllegalArgumentException if it is none, or holds what a graph must not; the message says what
     */
    public static DeclaredGraph read(String text) {
        JsonNode root = json(text);
        boolean isSaved = root.has(PARAMETERS);
        JsonNode configuration = isSaved ? root.path(CONFIGURATION) : root;
        dropLoss(
                configuration.path("vertices"),
                configuration.path("networkOutputs").path(0).asText());
        String saved = isSaved ? root.path(PARAMETERS).asText() : "";
        GraphRules.check(configuration, DeclaredGraph.parameters(saved).map(numbers -> numbers.length));
        List<String> inputs = new ArrayList<>();
        configuration.path("networkInputs").forEach(name -> inputs.add(name.asText()));
        String output = configuration.path("networkOutputs").path(0).asText();
        return new DeclaredGraph(configuration.toString(), inputs, output, saved);
    }

    /** Drops what DL4J writes as if it were declared: shapes that follow from the widths, and a seed, which is another whenever a graph is built. */
    private static JsonNode declared(JsonNode node) {
        if (node instanceof ObjectNode object) {
            object.remove("layerParams");
            if (object.path("seed").isNumber()) { // and no vertex of that name
                object.remove("seed");
            }
        }
        node.forEach(GraphText::declared);
        return node;
    }

    /** Makes an output layer, as graphs of DL4J end with, the dense layer that it is: the loss is ours. */
    private static void dropLoss(JsonNode vertices, String output) {
        JsonNode layer = vertices.path(output).path("layerConf").path("layer");
        if (layer instanceof ObjectNode object
                && layer.path("@class").asText("").equals(GraphRules.OUTPUT_LAYER)) {
            object.put("@class", GraphRules.DENSE_LAYER);
            object.remove(List.of("lossFn", "lossFunction"));
        }
    }

    /** Returns the text of a setting for a configuration, with the parameters of a saved network. */
    public static String of(String configuration, float[] parameters) {
        ObjectNode both = JSON.createObjectNode();
        both.set(CONFIGURATION, json(configuration));
        both.put(PARAMETERS, encoded(parameters));
        return both.toString();
    }

    /** Returns a text without what JSON does not need, and without seeds: files that differ in that alone are one graph. */
    public static String compact(String text) {
        return json(text).toString();
    }

    private static String encoded(float[] parameters) {
        ByteBuffer bytes = ByteBuffer.allocate(parameters.length * Float.BYTES);
        bytes.asFloatBuffer().put(parameters);
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    private static JsonNode json(String text) {
        if (text.length() > GraphRules.MOST_CHARACTERS) {
            throw new IllegalArgumentException(
                    "has " + text.length() + " characters, and a graph at most " + GraphRules.MOST_CHARACTERS);
        }
        try {
            return declared(JSON.readTree(text));
        } catch (JsonProcessingException broken) {
            throw new IllegalArgumentException("is no JSON: " + broken.getOriginalMessage(), broken);
        }
    }
}
