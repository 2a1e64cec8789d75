package dev.millrace.model.table;

/** By which rule weights follow their gradient, with that rule's own constants. */
public sealed interface OptimiserRule {

    /** Step size before its {@link LearningRateSchedule}. */
    double learningRate();

    /** Calls the visitor's method for this rule. */
    <T> T accept(Visitor<T> visitor);

    /** Whether a step depends on how many steps moved the weights before. */
    default boolean countsSteps() {
        return false;
    }

    /**
     * One method a rule.
     *
     * @param <T> what it makes of them
     */
    interface Visitor<T> {
        T visit(Adagrad rule);

        T visit(Adam rule);

        T visit(Ftrl rule);

        T visit(Sgd rule);
    }

    /**
     * Adagrad (Duchi et al. 2011): {@code acc += g²}, {@code w −= rate · g / (√acc + ε)}; of a row, one sum of mean squares.
     *
     * @param learningRate step size
     * @param initialAccumulator sum of squared gradients that a weight begins with
     * @param epsilon added to the root of the accumulator
     */
    record Adagrad(double learningRate, double initialAccumulator, double epsilon) implements OptimiserRule {
        @Override
        public <T> T accept(Visitor<T> visitor) {
            return visitor.visit(this);
        }
    }

    /**
     * Adam (Kingma and Ba 2015, algorithm 1). A row's moments and its count move only in steps that read the row.
     *
     * @param learningRate step size
     * @param beta1 share that the mean of gradients keeps, in [0, 1)
     * @param beta2 share that the mean of their squares keeps, in [0, 1)
     * @param epsilon added to the root of the second moment, above 0
     */
    record Adam(double learningRate, double beta1, double beta2, double epsilon) implements OptimiserRule {
        @Override
        public <T> T accept(Visitor<T> visitor) {
            return visitor.visit(this);
        }

        @Override
        public boolean countsSteps() {
            return true;
        }
    }

    /**
     * FTRL-proximal (McMahan et al. 2013, algorithm 1), begun at the initial weights; of a row, one sum of mean squares.
     *
     * @param learningRate α
     * @param beta β, above 0
     * @param l1 λ1, which makes weights exactly 0
     * @param l2 λ2
     */
    record Ftrl(double learningRate, double beta, double l1, double l2) implements OptimiserRule {
        @Override
        public <T> T accept(Visitor<T> visitor) {
            return visitor.visit(this);
        }
    }

    /**
     * Stochastic gradient descent, with the heavy ball of Polyak (1964): {@code v = μ v + g}, {@code w −= rate · v}.
     *
     * @param learningRate step size
     * @param momentum μ, in [0, 1); 0 for none, and always 0 for rows
     */
    record Sgd(double learningRate, double momentum) implements OptimiserRule {
        @Override
        public <T> T accept(Visitor<T> visitor) {
            return visitor.visit(this);
        }
    }
}
