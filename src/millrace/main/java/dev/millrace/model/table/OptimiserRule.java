package dev.millrace.model.table;

import dev.millrace.model.engine.Loops;
import java.util.Arrays;

/** An update rule of gradient descent, with its constants. */
public sealed interface OptimiserRule {
    /** Step size before its {@link LearningRateSchedule}. */
    double learningRate();

    /** @param dim floats of a row; tensors do not depend on it */
    Kernel kernel(int dim);

    /** Returns whether an update depends on the number of earlier updates. */
    default boolean countsSteps() {
        return false;
    }

    /**
     * Moves weights by a rule: rows of embedding tables, and tensors, each weight of them by itself. Any thread, if no two
     * threads move one weight.
     *
     * <p>The state of a row is a fixed number of floats, its slots. They change only in the steps that read the row.
     */
    interface Kernel {
        /** Returns the number of slots of a row. */
        int slots();

        /**
         * Fills the slots of a new row, by default with zeros.
         *
         * @param rows [.., dim] the row's components begin at {@code row}
         * @param memory [.., slots] the row's slots begin at {@code slot}, filled
         */
        default void begin(float[] rows, int row, float[] memory, int slot) {
            Arrays.fill(memory, slot, slot + slots(), 0f);
        }

        /**
         * Updates one row.
         *
         * @param rows [.., dim] the row's components begin at {@code row}, changed
         * @param memory [.., slots] the row's slots begin at {@code slot}, changed
         * @param sums [.., dim] the row's gradient begins at {@code sum}
         * @param meanSquare mean of the squared components of the gradient
         * @param rate learning rate of this step
         */
        void move(float[] rows, int row, float[] memory, int slot, float[] sums, int sum, float meanSquare, float rate);

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
    }

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
     * accumulator, the sum of the mean squares of its gradients.
     *
     * @param learningRate step size
     * @param initialAccumulator sum of squared gradients that a weight begins with
     * @param epsilon added to the root of the accumulator
     */
    record Adagrad(double learningRate, double initialAccumulator, double epsilon) implements OptimiserRule {
        @Override
        public Kernel kernel(int dim) {
            return new AdagradKernel(dim, (float) initialAccumulator, (float) epsilon);
        }
    }

    /** Slot: acc. */
    record AdagradKernel(int dim, float initialAccumulator, float epsilon) implements Kernel {
        @Override
        public int slots() {
            return 1;
        }

        @Override
        public void begin(float[] rows, int row, float[] memory, int slot) {
            memory[slot] = initialAccumulator;
        }

        @Override
        public void move(
                float[] rows, int row, float[] memory, int slot, float[] sums, int sum, float meanSquare, float rate) {
            float accumulator = memory[slot] + meanSquare;
            memory[slot] = accumulator;
            // the root of a float in double, rounded, is the correctly rounded float root
            float pace = rate / ((float) Math.sqrt(accumulator) + epsilon);
            Loops.now().addScaled(rows, row, sums, sum, dim, -pace);
        }

        @Override
        public int tensorSlots() {
            return 1;
        }

        @Override
        public void begin(Tensors tensors, int tensor) {
            Arrays.fill(tensors.slots[0][tensor], initialAccumulator);
        }

        @Override
        public void move(Tensors tensors, int tensor, int from, int to, float scale, float rate, long count) {
            float[] weight = tensors.weights[tensor];
            float[] accumulator = tensors.slots[0][tensor];
            float[] gradient = tensors.gradients[tensor];
            for (int at = from; at < to; at++) {
                float g = gradient[at] * scale;
                float sum = accumulator[at] + g * g;
                accumulator[at] = sum;
                weight[at] -= rate * g / ((float) Math.sqrt(sum) + epsilon);
            }
        }
    }

    /**
     * Adam (Kingma and Ba 2015, algorithm 1): {@code m = β1 m + (1 − β1) g}, {@code v = β2 v + (1 − β2) g²}, {@code w −= rate ·
     * m̂ / (√v̂ + ε)}. The moments and the count of an embedding row change only in steps that read the row.
     *
     * @param learningRate step size
     * @param beta1 decay of the mean of the gradients, in [0, 1)
     * @param beta2 decay of the mean of the squared gradients, in [0, 1)
     * @param epsilon added to the root of the second moment, above 0
     */
    record Adam(double learningRate, double beta1, double beta2, double epsilon) implements OptimiserRule {
        @Override
        public Kernel kernel(int dim) {
            return new AdamKernel(dim, this);
        }

        @Override
        public boolean countsSteps() {
            return true;
        }
    }

    /**
     * Slots of a row: t, m, v; of tensors: m, v.
     *
     * <p>t counts the updates of this row, not all steps, because m and v are means over these updates alone. With the t of
     * an old model, the first update of a new row would be {@code (1 − β1) / √(1 − β2)} times as long. A float counts
     * exactly to 2^24; both corrections are 1 long before that.
     */
    final class AdamKernel implements Kernel {
        private final int dim;
        private final float beta1;
        private final float beta2;
        private final float epsilon;
        private final BiasCorrection first;
        private final BiasCorrection second;

        private AdamKernel(int dim, Adam rule) {
            this.dim = dim;
            beta1 = (float) rule.beta1();
            beta2 = (float) rule.beta2();
            epsilon = (float) rule.epsilon();
            first = new BiasCorrection(rule.beta1());
            second = new BiasCorrection(rule.beta2());
        }

        @Override
        public int slots() {
            return 1 + 2 * dim;
        }

        @Override
        public void move(
                float[] rows, int row, float[] memory, int slot, float[] sums, int sum, float meanSquare, float rate) {
            float count = memory[slot] + 1;
            memory[slot] = count;
            float pace = (float) (rate / first.at((long) count));
            float scale = (float) (1 / Math.sqrt(second.at((long) count)));
            int mean = slot + 1;
            int square = mean + dim;
            for (int d = 0; d < dim; d++) {
                float g = sums[sum + d];
                float m = beta1 * memory[mean + d] + (1 - beta1) * g;
                float v = beta2 * memory[square + d] + (1 - beta2) * g * g;
                memory[mean + d] = m;
                memory[square + d] = v;
                rows[row + d] -= pace * m / ((float) Math.sqrt(v) * scale + epsilon);
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

    /** Adam's bias corrections {@code 1 − β^t}, cached for small t. Any thread. */
    final class BiasCorrection {
        private static final int REMEMBERED = 1 << 16;

        private final double beta;
        private volatile double[] corrections = new double[0];

        public BiasCorrection(double beta) {
            this.beta = beta;
        }

        /** @param count t, from 1 */
        public double at(long count) {
            if (count >= REMEMBERED) {
                return exact(count);
            }
            double[] known = corrections;
            if (count >= known.length) {
                double[] more = Arrays.copyOf(known, (int) Math.min(REMEMBERED, Math.max(256, 2 * count)));
                for (int t = known.length; t < more.length; t++) {
                    more[t] = exact(t);
                }
                corrections = more; // whole, before another thread can see it
                known = more;
            }
            return known[(int) count];
        }

        private double exact(long count) {
            return 1 - StrictMath.pow(beta, (double) count);
        }
    }

    /**
     * FTRL-proximal (McMahan et al. 2013, algorithm 1), started at the initial weights. An embedding row has one sum of mean
     * squares.
     *
     * @param learningRate α
     * @param beta β, above 0
     * @param l1 λ1, which makes weights exactly 0
     * @param l2 λ2
     */
    record Ftrl(double learningRate, double beta, double l1, double l2) implements OptimiserRule {
        @Override
        public Kernel kernel(int dim) {
            return new FtrlKernel(dim, (float) learningRate, (float) beta, (float) l1, (float) l2);
        }
    }

    /**
     * σ = (√(n + g²) − √n) / α, z += g − σ w, n += g², w as {@link #weight}. Slots: n, z.
     *
     * <p>z starts at −w (β + √n) / α, as if the first proximal term were at the initial weight. With z = 0 the first update
     * would discard it.
     */
    record FtrlKernel(int dim, float alpha, float beta, float l1, float l2) implements Kernel {
        /** w = 0 if |z| ≤ λ1, else −(z − sign(z) λ1) / ((β + √n) / α + λ2). */
        private static float weight(float z, float strength, float l1, float l2) {
            if (Math.abs(z) <= l1) {
                return 0f;
            }
            return (z > 0 ? l1 - z : -l1 - z) / (strength + l2);
        }

        @Override
        public int slots() {
            return 1 + dim;
        }

        @Override
        public void begin(float[] rows, int row, float[] memory, int slot) {
            memory[slot] = 0;
            for (int d = 0; d < dim; d++) {
                memory[slot + 1 + d] = -rows[row + d] * (beta / alpha);
            }
        }

        @Override
        public void move(
                float[] rows, int row, float[] memory, int slot, float[] sums, int sum, float meanSquare, float rate) {
            float before = (float) Math.sqrt(memory[slot]);
            memory[slot] += meanSquare;
            float after = (float) Math.sqrt(memory[slot]);
            float sigma = (after - before) / alpha;
            float strength = (beta + after) / alpha;
            for (int d = 0; d < dim; d++) {
                float z = memory[slot + 1 + d] + sums[sum + d] - sigma * rows[row + d];
                memory[slot + 1 + d] = z;
                rows[row + d] = weight(z, strength, l1, l2);
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
                tensors.slots[1][tensor][at] = -weight[at] * (beta / alpha);
            }
        }

        @Override
        public void move(Tensors tensors, int tensor, int from, int to, float scale, float rate, long count) {
            float[] weight = tensors.weights[tensor];
            float[] sums = tensors.slots[0][tensor];
            float[] linear = tensors.slots[1][tensor];
            float[] gradient = tensors.gradients[tensor];
            for (int at = from; at < to; at++) {
                float g = gradient[at] * scale;
                float before = (float) Math.sqrt(sums[at]);
                sums[at] += g * g;
                float after = (float) Math.sqrt(sums[at]);
                linear[at] += g - (after - before) / alpha * weight[at];
                weight[at] = weight(linear[at], (beta + after) / alpha, l1, l2);
            }
        }
    }

    /**
     * Stochastic gradient descent with momentum (Polyak 1964, heavy ball): {@code v = μ v + g}, {@code w −= rate · v}.
     *
     * @param learningRate step size
     * @param momentum μ, in [0, 1); 0 for none, and always 0 for embedding rows
     */
    record Sgd(double learningRate, double momentum) implements OptimiserRule {
        @Override
        public Kernel kernel(int dim) {
            return new SgdKernel(dim, (float) momentum);
        }
    }

    /** Slot of tensors, if there is momentum: v. Rows have none. */
    record SgdKernel(int dim, float momentum) implements Kernel {
        @Override
        public int slots() {
            return 0;
        }

        @Override
        public void move(
                float[] rows, int row, float[] memory, int slot, float[] sums, int sum, float meanSquare, float rate) {
            Loops.now().addScaled(rows, row, sums, sum, dim, -rate);
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
            float[] velocity = tensors.slots[0][tensor];
            for (int at = from; at < to; at++) {
                float v = momentum * velocity[at] + gradient[at] * scale;
                velocity[at] = v;
                weight[at] -= rate * v;
            }
        }
    }
}
