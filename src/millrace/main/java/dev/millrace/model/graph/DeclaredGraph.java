package dev.millrace.model.graph;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A {@code ComputationGraph} as a setting declares it: its configuration in JSON, and the parameters that it begins with, if they were saved.
 * {@link GraphRules} has checked it. It needs the JDK alone, as the library does.
 *
 * @param configuration of DeepLearning4J, in JSON
 * @param inputs names of its inputs
 * @param output name of its output
 * @param saved parameters in DL4J's order, in Base64, big-endian; empty if they are drawn
 */
public record DeclaredGraph(String configuration, List<String> inputs, String output, String saved) {

    private static final Pattern WITHOUT_WIDTH = Pattern.compile("\"n[iI]n\":0[,}]");

    public DeclaredGraph {
        inputs = List.copyOf(inputs);
    }

    /** The parameters to begin with, in DL4J's order; absent if they are drawn. */
    public Optional<float[]> parameters() {
        return parameters(saved);
    }

    /** Characters of its text. */
    public int length() {
        return configuration.length() + saved.length();
    }

    /** Whether a layer does not say how wide its input is, so that it follows from the inputs' widths. */
    boolean isWithoutWidths() {
        return WITHOUT_WIDTH.matcher(configuration).find();
    }

    /** Returns how many rows may be read together, so that the bits of each depend on no other. */
    public int tile() {
        return GraphRules.tile(configuration);
    }

    /** Reads what {@code saved} has. */
    static Optional<float[]> parameters(String saved) {
        if (saved.isEmpty()) {
            return Optional.empty();
        }
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(saved));
        if (bytes.remaining() % Float.BYTES != 0) {
            throw new IllegalArgumentException(
                    "has saved parameters of " + bytes.remaining() + " bytes: must be " + Float.BYTES + " for each");
        }
        float[] parameters = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(parameters);
        for (float parameter : parameters) {
            if (!Float.isFinite(parameter)) {
                throw new IllegalArgumentException("has a saved parameter that is " + parameter);
            }
        }
        return Optional.of(parameters);
    }
}
