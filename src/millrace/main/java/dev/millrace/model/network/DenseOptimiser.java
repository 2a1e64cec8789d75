package dev.millrace.model.network;

import dev.millrace.model.engine.Team;
import dev.millrace.model.table.OptimiserRule;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Moves a tower's dense weights by their rule, whose state it keeps. One thread. */
public final class DenseOptimiser {
    private static final int WEIGHTS = 1 << 12; // worth a second thread

    private final OptimiserRule rule;
    private final OptimiserRule.Tensors tensors;
    private final Team team;

    /**
     * @param weights one array for each tensor, written by the optimiser
     * @param gradients shaped as the weights, those of the last backward pass
     * @param team shares the weights
     */
    public DenseOptimiser(OptimiserRule rule, float[][] weights, float[][] gradients, Team team) {
        this.team = team;
        this.rule = rule;
        this.tensors = new OptimiserRule.Tensors(
                weights,
                gradients,
                IntStream.range(0, rule.tensorSlots())
                        .mapToObj(slot -> Arrays.stream(weights)
                                .map(tensor -> new float[tensor.length])
                                .toArray(float[][]::new))
                        .toArray(float[][][]::new));
        for (int tensor = 0; tensor < weights.length; tensor++) {
            rule.begin(tensors, tensor);
        }
    }

    /** Weights, gradients and state themselves. */
    public OptimiserRule.Tensors tensors() {
        return tensors;
    }

    /**
     * Updates the weights from the gradients.
     *
     * @param scale factor on the gradients, from the clip of their norm
     * @param rate learning rate of this step
     * @param count updates of these weights so far, this one included
     */
    public void apply(float scale, float rate, long count) {
        for (int tensor = 0; tensor < tensors.weights().length; tensor++) {
            int moved = tensor;
            team.share(
                    tensors.weights()[moved].length,
                    WEIGHTS,
                    (from, to, member) -> rule.move(tensors, moved, from, to, scale, rate, count));
        }
    }
}
