package dev.millrace.model.table;

import dev.millrace.model.engine.Loops;
import java.util.Arrays;
import java.util.stream.LongStream;

/**
 * An update rule of gradient descent, with its constants. It moves rows of embedding tables, and tensors, each weight of them by
 * itself. Any thread, if no two threads move one weight.
 *
 * <p>The state of a row is a fixed number of floats, its slots. They change only in the steps that read the row.
 */
public sealed interface OptimiserRule {
    /** Step size before its {@link LearningRateSchedule}. */
    double learningRate();

    /** Returns whether an update depends on the number of earlier updates. */
    default boolean countsSteps() {
        return false;
    }

    /** Returns the number of slots of a row of that width. */
    int slots(int dim);

    /**
     * Fills the slots of a new row, by default with zeros.
     *
     * @param rows [.., dim]
     * @param memory [.., slots] those of the row are filled
     */
    default void begin(float[] rows, float[] memory, int row, int dim) {
        Arrays.fill(memory, row * slots(dim), (row + 1) * slots(dim), 0f);
    }

    /**
     * Updates one row.
     *
     * @param rows [.., dim] the row is changed
     * @param memory [.., slots] the row's slots are changed
     * @param sums [.., dim] gradients, that of the row at {@code sum}
     * @param meanSquare mean of the squared components of the gradient
     * @param rate learning rate of this step
     */
    void move(float[] rows, float[] memory, int row, int dim, float[] sums, int sum, float meanSquare, float rate);

    /** Returns the number of slots of tensors: none, one or two. */
    int tensorSlots();

    /** Fills the slots of a tensor, which are zeros. */
    default void begin(Tensors tensors, int tensor) {}

    /**
     * Updates the weights of a tensor from {@code from} to {@code to}, exclusive.
     *
     * @param scale factor on the gradients, from the clip of their norm
     * @param rate learning rate of this step
     * @param count updates of these weights so far, this one included
     */
    void move(Tensors tensors, int tensor, int from, int to, float scale, float rate, long count);

    /**
     * Weights that are moved one by one.
     *
     * @param weights one array for each tensor, changed
     * @param gradients shaped as the weights, those of the last backward pass
     * @param slots state of the rule; each slot is shaped as the weights
     */
    record Tensors(float[][] weights, float[][] gradients, float[][][] slots) {}

    /**
     * Adagrad (Duchi et al. 2011): {@code acc += g²}, {@code w −= rate · g / (√acc + ε)}. An embedding row has one
     * accumulator, the sum of the mean squares of its gradients. Slot: acc.
     *
     * @param learningRate step size
     * @param initialAccumulator sum of squared gradients that a weight begins with
     * @param epsilon added to the root of the accumulator
     */
    record Adagrad(double learningRate, double initialAccumulator, double epsilon) implements OptimiserRule {
        @Override
        public int slots(int dim) {
            return 1;
        }

        @Override
        public void begin(float[] rows, float[] memory, int row, int dim) {
            memory[row] = (float) initialAccumulator;
        }

        @Override
        public void move(
                float[] rows, float[] memory, int row, int dim, float[] sums, int sum, float meanSquare, float rate) {
            float accumulator = memory[row] + meanSquare;
            memory[row] = accumulator;
            // the root of a float in double, rounded, is the correctly rounded float root
            float pace = rate / ((float) Math.sqrt(accumulator) + (float) epsilon);
            Loops.now().addScaled(rows, row * dim, sums, sum * dim, dim, -pace);
        }

        @Override
        public int tensorSlots() {
            return 1;
        }

        @Override
        public void begin(Tensors tensors, int tensor) {
            Arrays.fill(tensors.slots[0][tensor], (float) initialAccumulator);
        }

        @Override
        public void move(Tensors tensors, int tensor, int from, int to, float scale, float rate, long count) {
            float[] weight = tensors.weights[tensor];
            float[] accumulator = tensors.slots[0][tensor];
            float[] gradient = tensors.gradients[tensor];
            float added = (float) epsilon;
            for (int at = from; at < to; at++) {
                float g = gradient[at] * scale;
                float sum = accumulator[at] + g * g;
                accumulator[at] = sum;
                weight[at] -= rate * g / ((float) Math.sqrt(sum) + added);
            }
        }
    }

    /**
     * Adam (Kingma and Ba 2015, algorithm 1): {@code m = β1 m + (1 − β1) g}, {@code v = β2 v + (1 − β2) g²}, {@code w −= rate ·
     * m̂ / (√v̂ + ε)}. Slots of a row: t, m, v; of tensors: m, v.
     *
     * <p>t counts the updates of this row, not all steps, because m and v are means over these updates alone. With the t of
     * an old model, the first update of a new row would be {@code (1 − β1) / √(1 − β2)} times as long. A float counts
     * exactly to 2^24; both corrections are 1 long before that.
     *
     * @param learningRate step size
     * @param beta1 decay of the mean of the gradients
     * @param beta2 decay of the mean of the squared gradients
     * @param epsilon added to the root of the second moment, above 0
     */
    record Adam(double learningRate, double beta1, double beta2, double epsilon) implements OptimiserRule {
        /** The decays of the paper. */
        private static final double BETA1 = 0.9;

        private static final double BETA2 = 0.999;

        Adam(double learningRate, double epsilon) {
            this(learningRate, BETA1, BETA2, epsilon);
        }

        @Override
        public boolean countsSteps() {
            return true;
        }

        @Override
        public int slots(int dim) {
            return 1 + 2 * dim;
        }

        @Override
        public void move(
                float[] rows, float[] memory, int row, int dim, float[] sums, int sum, float meanSquare, float rate) {
            int slot = row * slots(dim);
            float count = memory[slot] + 1;
            memory[slot] = count;
            float decay1 = (float) beta1;
            float decay2 = (float) beta2;
            float added = (float) epsilon;
            float pace = (float) (rate / Corrections.of(Corrections.FIRST, (long) count));
            float scale = (float) (1 / Math.sqrt(Corrections.of(Corrections.SECOND, (long) count)));
            int mean = slot + 1;
            int square = mean + dim;
            for (int d = 0; d < dim; d++) {
                float g = sums[sum * dim + d];
                float m = decay1 * memory[mean + d] + (1 - decay1) * g;
                float v = decay2 * memory[square + d] + (1 - decay2) * g * g;
                memory[mean + d] = m;
                memory[square + d] = v;
                rows[row * dim + d] -= pace * m / ((float) Math.sqrt(v) * scale + added);
            }
        }

        @Override
        public int tensorSlots() {
            return 2;
        }

        @Override
        public void move(Tensors tensors, int tensor, int from, int to, float scale, float rate, long count) {
            float[] weight = tensors.weights[tensor];
            float[] means = tensors.slots[0][tensor];
            float[] squares = tensors.slots[1][tensor];
            float[] gradient = tensors.gradients[tensor];
            float decay1 = (float) beta1;
            float decay2 = (float) beta2;
            float added = (float) epsilon;
            float pace = (float) (rate / Corrections.of(Corrections.FIRST, count));
            float rootScale = (float) (1 / Math.sqrt(Corrections.of(Corrections.SECOND, count)));
            for (int at = from; at < to; at++) {
                float g = gradient[at] * scale;
                float m = decay1 * means[at] + (1 - decay1) * g;
                float v = decay2 * squares[at] + (1 - decay2) * g * g;
                means[at] = m;
                squares[at] = v;
                weight[at] -= pace * m / ((float) Math.sqrt(v) * rootScale + added);
            }
        }

        /** The bias corrections {@code 1 − β^t} by t, up to the first that rounds to 1. */
        private static final class Corrections {
            static final double[] FIRST = below1(BETA1);
            static final double[] SECOND = below1(BETA2);

            private static double[] below1(double beta) {
                return LongStream.iterate(0, t -> t + 1)
                        .mapToDouble(t -> 1 - StrictMath.pow(beta, (double) t))
                        .takeWhile(correction -> correction < 1)
                        .toArray();
            }

            static double of(double[] corrections, long count) {
                return count < corrections.length ? corrections[(int) count] : 1;
            }
        }
    }

    /**
     * FTRL-proximal (McMahan et al. 2013, algorithm 1), started at the initial weights. An embedding row has one sum of mean
     * squares. σ = (√(n + g²) − √n) / α, z += g − σ w, n += g², w as {@link #weight}. Slots: n, z.
     *
     * <p>z starts at −w (β + √n) / α, as if the first proximal term were at the initial weight. With z = 0 the first update
     * would discard it.
     *
     * @param learningRate α
     * @param beta β, above 0
     * @param l1 λ1, which makes weights exactly 0
     * @param l2 λ2
     */
    record Ftrl(double learningRate, double beta, double l1, double l2) implements OptimiserRule {
        /** w = 0 if |z| ≤ λ1, else −(z − sign(z) λ1) / ((β + √n) / α + λ2). */
        private float weight(float z, float strength) {
            float cut = (float) l1;
            if (Math.abs(z) <= cut) {
                return 0f;
            }
            return (z > 0 ? cut - z : -cut - z) / (strength + (float) l2);
        }

        @Override
        public int slots(int dim) {
            return 1 + dim;
        }

        @Override
        public void begin(float[] rows, float[] memory, int row, int dim) {
            int slot = row * slots(dim);
            memory[slot] = 0;
            for (int d = 0; d < dim; d++) {
                memory[slot + 1 + d] = -rows[row * dim + d] * ((float) beta / (float) learningRate);
            }
        }

        @Override
        public void move(
                float[] rows, float[] memory, int row, int dim, float[] sums, int sum, float meanSquare, float rate) {
            float alpha = (float) learningRate;
            int slot = row * slots(dim);
            float before = (float) Math.sqrt(memory[slot]);
            memory[slot] += meanSquare;
            float after = (float) Math.sqrt(memory[slot]);
            float sigma = (after - before) / alpha;
            float strength = ((float) beta + after) / alpha;
            for (int d = 0; d < dim; d++) {
                float z = memory[slot + 1 + d] + sums[sum * dim + d] - sigma * rows[row * dim + d];
                memory[slot + 1 + d] = z;
                rows[row * dim + d] = weight(z, strength);
            }
        }

        @Override
        public int tensorSlots() {
            return 2;
        }

        @Override
        public void begin(Tensors tensors, int tensor) {
            float[] weight = tensors.weights[tensor];
            for (int at = 0; at < weight.length; at++) {
                tensors.slots[1][tensor][at] = -weight[at] * ((float) beta / (float) learningRate);
            }
        }

        @Override
        public void move(Tensors tensors, int tensor, int from, int to, float scale, float rate, long count) {
            float[] weight = tensors.weights[tensor];
            float alpha = (float) learningRate;
            float[] sums = tensors.slots[0][tensor];
            float[] linear = tensors.slots[1][tensor];
            float[] gradient = tensors.gradients[tensor];
            for (int at = from; at < to; at++) {
                float g = gradient[at] * scale;
                float before = (float) Math.sqrt(sums[at]);
                sums[at] += g * g;
                float after = (float) Math.sqrt(sums[at]);
                linear[at] += g - (after - before) / alpha * weight[at];
                weight[at] = weight(linear[at], ((float) beta + after) / alpha);
            }
        }
    }

    /**
     * Stochastic gradient descent with momentum (Polyak 1964, heavy ball): {@code v = μ v + g}, {@code w −= rate · v}. Slot of
     * tensors, if there is momentum: v. Rows have none.
     *
     * @param learningRate step size
     * @param momentum μ, in [0, 1); 0 for none, and always 0 for embedding rows
     */
    record Sgd(double learningRate, double momentum) implements OptimiserRule {
        @Override
        public int slots(int dim) {
            return 0;
        }

        @Override
        public void move(
                float[] rows, float[] memory, int row, int dim, float[] sums, int sum, float meanSquare, float rate) {
            Loops.now().addScaled(rows, row * dim, sums, sum * dim, dim, -rate);
        }

        @Override
        public int tensorSlots() {
            return momentum == 0 ? 0 : 1;
        }

        @Override
        public void move(Tensors tensors, int tensor, int from, int to, float scale, float rate, long count) {
            float[] weight = tensors.weights[tensor];
            float[] gradient = tensors.gradients[tensor];
            if (tensors.slots.length == 0) {
                for (int at = from; at < to; at++) {
                    weight[at] -= rate * (gradient[at] * scale);
                }
                return;
            }
            float decay = (float) momentum;
            float[] velocity = tensors.slots[0][tensor];
            for (int at = from; at < to; at++) {
                float v = decay * velocity[at] + gradient[at] * scale;
                velocity[at] = v;
                weight[at] -= rate * v;
            }
        }
    }
}
