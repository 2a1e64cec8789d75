package dev.millrace.model.network;

import dev.millrace.model.graph.GraphInput;
import dev.millrace.model.graph.GraphNetwork;
import java.util.List;
import java.util.Optional;

/**
 * Receives a network operation by operation, so that other programs can run it.
 *
 * <p>A value is a matrix [n, width] with one row for each user or item, or with a single row for all. Each operation returns
 * the name of its result.
 */
public interface NetworkExport {

    /**
     * {@code in W + b}.
     *
     * @param weights [in, out] row-major
     * @param bias [out]
     */
    String dense(String in, float[] weights, float[] bias);

    /** max(x, 0) of each number. */
    String relu(String in);

    /** x, and {@code slope} x below zero, of each number. */
    String leakyRelu(String in, float slope);

    /** tanh(x) of each number. */
    String tanh(String in);

    /** 1 / (1 + e^−x) of each number. */
    String sigmoid(String in);

    /** The columns {@code from} to {@code to}, the end excluded. */
    String columns(String in, int from, int to);

    /** [n, 1] the mean of each row. */
    String mean(String in);

    /** The elementwise sum. */
    String sum(String left, String right);

    /** The elementwise product; a single column or a single row is broadcast. */
    String product(String left, String right);

    /** Each number times the factor. */
    String scaled(String in, float factor);

    /** Each number plus the term. */
    String shifted(String in, float term);

    /** The columns of all parts, concatenated. */
    String sideBySide(List<String> parts);

    /**
     * A graph of DL4J as it is.
     *
     * @param inputs of the graph, as columns of {@code in}
     * @return name of the output rows; empty if the graph is to be told layer by layer
     */
    default Optional<String> graph(GraphNetwork graph, List<GraphInput> inputs, String in) {
        return Optional.empty();
    }
}
