package dev.millrace.model.table;

import dev.millrace.model.engine.Loops;
import java.util.Arrays;

/**
 * An update rule for embedding rows. Its state is a fixed number of floats for each row, the slots. Any thread, if no two threads move one row.
 *
 * <p>Updates are lazy: the slots of a row change only in the steps that read the row.
 */
public interface RowOptimiser {

    /** Returns the number of slots of a row. */
    int slots(int dim);

    /**
     * Fills the slots of a new row.
     *
     * @param rows [.., dim] the row's components begin at {@code row}
     * @param memory [.., slots] the row's slots begin at {@code slot}, filled
     */
    void begin(float[] rows, int row, int dim, float[] memory, int slot);

    /**
     * Updates one row.
     *
     * @param rows [.., dim] the row's components begin at {@code row}, changed
     * @param memory [.., slots] the row's slots begin at {@code slot}, changed
     * @param gradients [.., dim] the row's gradient begins at {@code gradient}
     * @param meanSquare mean of the squared components of the gradient
     * @param rate learning rate of this step
     */
    void move(
            float[] rows,
            int row,
            int dim,
            float[] memory,
            int slot,
            float[] gradients,
            int gradient,
            float meanSquare,
            float rate);

    static RowOptimiser of(OptimiserRule rule) {
        return rule.accept(new OptimiserRule.Visitor<>() {
            @Override
            public RowOptimiser visit(OptimiserRule.Adagrad adagrad) {
                return new Adagrad(adagrad);
            }

            @Override
            public RowOptimiser visit(OptimiserRule.Adam adam) {
                return new Adam(adam);
            }

            @Override
            public RowOptimiser visit(OptimiserRule.Ftrl ftrl) {
                return new Ftrl(ftrl);
            }

            @Override
            public RowOptimiser visit(OptimiserRule.Sgd sgd) {
                return new Sgd();
            }
        });
    }

    /** Row-wise Adagrad: acc += mean(g²), row −= rate · g / (√acc + ε). Slot: acc. */
    final class Adagrad implements RowOptimiser {

        private final float initialAccumulator;
        private final float epsilon;

        Adagrad(OptimiserRule.Adagrad rule) {
            initialAccumulator = (float) rule.initialAccumulator();
            epsilon = (float) rule.epsilon();
        }

        @Override
        public int slots(int dim) {
            return 1;
        }

        @Override
        public void begin(float[] rows, int row, int dim, float[] memory, int slot) {
            memory[slot] = initialAccumulator;
        }

        @Override
        public void move(
                float[] rows,
                int row,
                int dim,
                float[] memory,
                int slot,
                float[] gradients,
                int gradient,
                float meanSquare,
                float rate) {
            float accumulator = memory[slot] + meanSquare;
            memory[slot] = accumulator;
            // the root of a float in double, rounded, is the correctly rounded float root
            float pace = rate / ((float) Math.sqrt(accumulator) + epsilon);
            Loops.now().addScaled(rows, row, gradients, gradient, dim, -pace);
        }
    }

    /**
     * Lazy Adam: m = β1 m + (1 − β1) g, v = β2 v + (1 − β2) g², row −= rate · m̂ / (√v̂ + ε). Slots: t, m, v.
     *
     * <p>t counts the updates of this row, not all steps, because m and v are means over these updates alone. With the t of
     * an old model, the first update of a new row would be {@code (1 − β1) / √(1 − β2)} times as long. A float counts
     * exactly to 2^24; both corrections are 1 long before that.
     */
    final class Adam implements RowOptimiser {

        private final float beta1;
        private final float beta2;
        private final float epsilon;
        private final BiasCorrection first;
        private final BiasCorrection second;

        Adam(OptimiserRule.Adam rule) {
            beta1 = (float) rule.beta1();
            beta2 = (float) rule.beta2();
            epsilon = (float) rule.epsilon();
            first = new BiasCorrection(rule.beta1());
            second = new BiasCorrection(rule.beta2());
        }

        @Override
        public int slots(int dim) {
            return 1 + 2 * dim;
        }

        @Override
        public void begin(float[] rows, int row, int dim, float[] memory, int slot) {
            Arrays.fill(memory, slot, slot + slots(dim), 0f);
        }

        @Override
        public void move(
                float[] rows,
                int row,
                int dim,
                float[] memory,
                int slot,
                float[] gradients,
                int gradient,
                float meanSquare,
                float rate) {
            float count = memory[slot] + 1;
            memory[slot] = count;
            float pace = (float) (rate / first.at((long) count));
            float scale = (float) (1 / Math.sqrt(second.at((long) count)));
            int mean = slot + 1;
            int square = mean + dim;
            for (int d = 0; d < dim; d++) {
                float g = gradients[gradient + d];
                float m = beta1 * memory[mean + d] + (1 - beta1) * g;
                float v = beta2 * memory[square + d] + (1 - beta2) * g * g;
                memory[mean + d] = m;
                memory[square + d] = v;
                rows[row + d] -= pace * m / ((float) Math.sqrt(v) * scale + epsilon);
            }
        }
    }

    /**
     * FTRL-proximal with one sum a row: σ = (√(n + mean(g²)) − √n) / α, z += g − σ row, n += mean(g²), row as {@link
     * #weight}. Slots: n, z.
     *
     * <p>z starts at −row (β + √n) / α, as if the first proximal term were at the initial row. With z = 0 the first update
     * would discard the initial row.
     */
    final class Ftrl implements RowOptimiser {

        private final float beta;
        private final float l1;
        private final float l2;
        private final float alpha;

        Ftrl(OptimiserRule.Ftrl rule) {
            alpha = (float) rule.learningRate();
            beta = (float) rule.beta();
            l1 = (float) rule.l1();
            l2 = (float) rule.l2();
        }

        /** w = 0 if |z| ≤ λ1, else −(z − sign(z) λ1) / ((β + √n) / α + λ2). */
        public static float weight(float z, float strength, float l1, float l2) {
            if (Math.abs(z) <= l1) {
                return 0f;
            }
            return (z > 0 ? l1 - z : -l1 - z) / (strength + l2);
        }

        @Override
        public int slots(int dim) {
            return 1 + dim;
        }

        @Override
        public void begin(float[] rows, int row, int dim, float[] memory, int slot) {
            memory[slot] = 0;
            for (int d = 0; d < dim; d++) {
                memory[slot + 1 + d] = -rows[row + d] * (beta / alpha);
            }
        }

        @Override
        public void move(
                float[] rows,
                int row,
                int dim,
                float[] memory,
                int slot,
                float[] gradients,
                int gradient,
                float meanSquare,
                float rate) {
            float before = (float) Math.sqrt(memory[slot]);
            memory[slot] += meanSquare;
            float after = (float) Math.sqrt(memory[slot]);
            float sigma = (after - before) / alpha;
            float strength = (beta + after) / alpha;
            for (int d = 0; d < dim; d++) {
                float z = memory[slot + 1 + d] + gradients[gradient + d] - sigma * rows[row + d];
                memory[slot + 1 + d] = z;
                rows[row + d] = weight(z, strength, l1, l2);
            }
        }
    }

    /** row −= rate · g. No slots. */
    final class Sgd implements RowOptimiser {

        @Override
        public int slots(int dim) {
            return 0;
        }

        @Override
        public void begin(float[] rows, int row, int dim, float[] memory, int slot) {
            // no slots
        }

        @Override
        public void move(
                float[] rows,
                int row,
                int dim,
                float[] memory,
                int slot,
                float[] gradients,
                int gradient,
                float meanSquare,
                float rate) {
            Loops.now().addScaled(rows, row, gradients, gradient, dim, -rate);
        }
    }
}
