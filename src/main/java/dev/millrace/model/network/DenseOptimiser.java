package dev.millrace.model.network;

import dev.millrace.model.engine.Team;
import dev.millrace.model.table.BiasCorrection;
import dev.millrace.model.table.OptimiserRule;
import dev.millrace.model.table.RowOptimiser;
import java.util.Arrays;

/**
 * An update rule for a tower's dense weights, with its state: none, one or two slots, each shaped as the weights. One thread.
 *
 * <p>The formulas are those of {@link OptimiserRule}, for each weight by itself.
 */
public abstract class DenseOptimiser {

    private static final int WEIGHTS = 1 << 12; // worth a second thread

    final float[][] weights;
    final float[][] gradients;
    private final float[][][] slots;
    private final Team team;

    private DenseOptimiser(Learned learned, int slots, Team team) {
        this.team = team;
        this.weights = learned.weights();
        this.gradients = learned.gradients();
        this.slots = new float[slots][][];
        for (int slot = 0; slot < slots; slot++) {
            this.slots[slot] = Arrays.stream(weights)
                    .map(tensor -> new float[tensor.length])
                    .toArray(float[][]::new);
        }
    }

    /**
     * What an optimiser moves.
     *
     * @param weights one array for each tensor, written by the optimiser
     * @param gradients shaped as the weights, those of the last backward pass
     */
    public record Learned(float[][] weights, float[][] gradients) {}

    /**
     * @param team shares the weights
     */
    public static DenseOptimiser of(OptimiserRule rule, Learned learned, Team team) {
        return rule.accept(new OptimiserRule.Visitor<>() {
            @Override
            public DenseOptimiser visit(OptimiserRule.Adagrad adagrad) {
                return new Adagrad(adagrad, learned, team);
            }

            @Override
            public DenseOptimiser visit(OptimiserRule.Adam adam) {
                return new Adam(adam, learned, team);
            }

            @Override
            public DenseOptimiser visit(OptimiserRule.Ftrl ftrl) {
                return new Ftrl(ftrl, learned, team);
            }

            @Override
            public DenseOptimiser visit(OptimiserRule.Sgd sgd) {
                return new Sgd(sgd, learned, team);
            }
        });
    }

    /** [slots] The state; each slot is shaped as the weights. */
    public final float[][][] slots() {
        return slots;
    }

    /**
     * Updates the weights from the gradients.
     *
     * @param scale factor on the gradients, from the clip of their norm
     * @param rate learning rate of this step
     * @param count updates of these weights so far, this one included
     */
    public final void apply(float scale, float rate, long count) {
        for (int tensor = 0; tensor < weights.length; tensor++) {
            int moved = tensor;
            team.share(weights[moved].length, WEIGHTS, (from, to, member) -> move(moved, from, to, scale, rate, count));
        }
    }

    /** Updates the weights of a tensor from {@code from} to {@code to}, exclusive. */
    abstract void move(int tensor, int from, int to, float scale, float rate, long count);

    private static final class Adagrad extends DenseOptimiser {

        private final float epsilon;

        Adagrad(OptimiserRule.Adagrad rule, Learned learned, Team team) {
            super(learned, 1, team);
            epsilon = (float) rule.epsilon();
            for (float[] accumulators : slots()[0]) {
                Arrays.fill(accumulators, (float) rule.initialAccumulator());
            }
        }

        @Override
        void move(int tensor, int from, int to, float scale, float rate, long count) {
            float[] weight = weights[tensor];
            float[] accumulator = slots()[0][tensor];
            float[] gradient = gradients[tensor];
            for (int at = from; at < to; at++) {
                float g = gradient[at] * scale;
                float sum = accumulator[at] + g * g;
                accumulator[at] = sum;
                weight[at] -= rate * g / ((float) Math.sqrt(sum) + epsilon);
            }
        }
    }

    private static final class Adam extends DenseOptimiser {

        private final float beta1;
        private final float beta2;
        private final float epsilon;
        private final BiasCorrection first;
        private final BiasCorrection second;

        Adam(OptimiserRule.Adam rule, Learned learned, Team team) {
            super(learned, 2, team);
            beta1 = (float) rule.beta1();
            beta2 = (float) rule.beta2();
            epsilon = (float) rule.epsilon();
            first = new BiasCorrection(rule.beta1());
            second = new BiasCorrection(rule.beta2());
        }

        @Override
        void move(int tensor, int from, int to, float scale, float rate, long count) {
            float[] weight = weights[tensor];
            float[] means = slots()[0][tensor];
            float[] squares = slots()[1][tensor];
            float[] gradient = gradients[tensor];
            float pace = (float) (rate / first.at(count));
            float rootScale = (float) (1 / Math.sqrt(second.at(count)));
            for (int at = from; at < to; at++) {
                float g = gradient[at] * scale;
                float m = beta1 * means[at] + (1 - beta1) * g;
                float v = beta2 * squares[at] + (1 - beta2) * g * g;
                means[at] = m;
                squares[at] = v;
                weight[at] -= pace * m / ((float) Math.sqrt(v) * rootScale + epsilon);
            }
        }
    }

    /** Starts at the initial weights, see {@link RowOptimiser.Ftrl}. Slots: n, z. */
    private static final class Ftrl extends DenseOptimiser {

        private final float alpha;
        private final float beta;
        private final float l1;
        private final float l2;

        Ftrl(OptimiserRule.Ftrl rule, Learned learned, Team team) {
            super(learned, 2, team);
            alpha = (float) rule.learningRate();
            beta = (float) rule.beta();
            l1 = (float) rule.l1();
            l2 = (float) rule.l2();
            for (int tensor = 0; tensor < weights.length; tensor++) {
                for (int at = 0; at < weights[tensor].length; at++) {
                    slots()[1][tensor][at] = -weights[tensor][at] * (beta / alpha);
                }
            }
        }

        @Override
        void move(int tensor, int from, int to, float scale, float rate, long count) {
            float[] weight = weights[tensor];
            float[] sums = slots()[0][tensor];
            float[] linear = slots()[1][tensor];
            float[] gradient = gradients[tensor];
            for (int at = from; at < to; at++) {
                float g = gradient[at] * scale;
                float before = (float) Math.sqrt(sums[at]);
                sums[at] += g * g;
                float after = (float) Math.sqrt(sums[at]);
                linear[at] += g - (after - before) / alpha * weight[at];
                weight[at] = RowOptimiser.Ftrl.weight(linear[at], (beta + after) / alpha, l1, l2);
            }
        }
    }

    private static final class Sgd extends DenseOptimiser {

        private final float momentum;

        Sgd(OptimiserRule.Sgd rule, Learned learned, Team team) {
            super(learned, rule.momentum() == 0 ? 0 : 1, team);
            momentum = (float) rule.momentum();
        }

        @Override
        void move(int tensor, int from, int to, float scale, float rate, long count) {
            float[] weight = weights[tensor];
            float[] gradient = gradients[tensor];
            if (slots().length == 0) {
                for (int at = from; at < to; at++) {
                    weight[at] -= rate * (gradient[at] * scale);
                }
                return;
            }
            float[] velocity = slots()[0][tensor];
            for (int at = from; at < to; at++) {
                float v = momentum * velocity[at] + gradient[at] * scale;
                velocity[at] = v;
                weight[at] -= rate * v;
            }
        }
    }
}
