package dev.millrace.model.table;

/** An update rule of gradient descent, with its constants. */
public sealed interface OptimiserRule {

    /** Step size before its {@link LearningRateSchedule}. */
    double learningRate();

    /** Calls the visitor's method for this rule. */
    <T> T accept(Visitor<T> visitor);

    /** Returns whether an update depends on the number of earlier updates. */
    default boolean countsSteps() {
        return false;
    }

    /**
     * One method for each rule.
     *
     * @param <T> type of the result
     */
    interface Visitor<T> {
        T visit(Adagrad rule);

        T visit(Adam rule);

        T visit(Ftrl rule);

        T visit(Sgd rule);
    }

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
        public <T> T accept(Visitor<T> visitor) {
            return visitor.visit(this);
        }
    }

    /**
     * Adam (Kingma and Ba 2015, algorithm 1). The moments and the count of an embedding row change only in steps that read
     * the row.
     *
     * @param learningRate step size
     * @param beta1 decay of the mean of the gradients, in [0, 1)
     * @param beta2 decay of the mean of the squared gradients, in [0, 1)
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
        public <T> T accept(Visitor<T> visitor) {
            return visitor.visit(this);
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
        public <T> T accept(Visitor<T> visitor) {
            return visitor.visit(this);
        }
    }
}
