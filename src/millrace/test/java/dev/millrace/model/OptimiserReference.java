package dev.millrace.model;

import dev.millrace.model.table.Descent;
import dev.millrace.model.table.OptimiserRule;
import java.util.Arrays;

/**
 * The rules of {@link OptimiserRule} for one tensor or one row, in double precision and as in the papers: the bias
 * corrections are powers; FTRL's σ and closed form go one coordinate at a time.
 */
public final class OptimiserReference {

    private final Descent descent;
    private final OptimiserRule rule;
    private final double[] first;
    private final double[] second;
    private int count;

    /** @param weights initial weights */
    public OptimiserReference(Descent descent, double[] weights) {
        this.descent = descent;
        this.first = new double[weights.length];
        this.second = new double[weights.length];
        this.rule = descent.rule();
        begin(weights);
    }

    /** Updates weights; each has its own sum of squares. */
    public void moveEach(double[] weights, double[] gradient, long step) {
        double[] squares = gradient.clone();
        for (int at = 0; at < squares.length; at++) {
            squares[at] *= gradient[at];
        }
        move(weights, gradient, squares, step);
    }

    /** Updates a row; rules with one sum of squares for each row add the mean square. */
    public void moveRow(double[] weights, double[] gradient, long step) {
        double[] squares = new double[gradient.length];
        Arrays.fill(squares, Arrays.stream(gradient).map(g -> g * g).average().orElse(0));
        move(weights, gradient, squares, step);
    }

    private void move(double[] weights, double[] gradient, double[] squares, long step) {
        double rate = rule.learningRate() * descent.schedule().factor(step);
        count++;
        for (int at = 0; at < weights.length; at++) {
            weights[at] = moved(at, weights[at], gradient[at], squares[at], rate);
        }
    }

    /** Fills both slots for the weights that the rule begins with; moments and velocities begin at 0. */
    private void begin(double[] weights) {
        if (rule instanceof OptimiserRule.Adagrad adagrad) {
            Arrays.fill(first, adagrad.initialAccumulator());
        } else if (rule instanceof OptimiserRule.Ftrl ftrl) {
            for (int at = 0; at < weights.length; at++) {
                second[at] = -weights[at] * ftrl.beta() / ftrl.learningRate();
            }
        }
    }

    /** Moves the slots of one weight; returns the new weight. */
    private double moved(int at, double weight, double g, double square, double rate) {
        if (rule instanceof OptimiserRule.Adagrad adagrad) {
            first[at] += square;
            return weight - rate * g / (Math.sqrt(first[at]) + adagrad.epsilon());
        } else if (rule instanceof OptimiserRule.Adam adam) {
            first[at] = adam.beta1() * first[at] + (1 - adam.beta1()) * g;
            second[at] = adam.beta2() * second[at] + (1 - adam.beta2()) * g * g;
            double mean = first[at] / (1 - Math.pow(adam.beta1(), count));
            double meanSquare = second[at] / (1 - Math.pow(adam.beta2(), count));
            return weight - rate * mean / (Math.sqrt(meanSquare) + adam.epsilon());
        } else if (rule instanceof OptimiserRule.Ftrl ftrl) {
            double sigma = (Math.sqrt(first[at] + square) - Math.sqrt(first[at])) / ftrl.learningRate();
            second[at] += g - sigma * weight;
            first[at] += square;
            double z = second[at];
            double strength = (ftrl.beta() + Math.sqrt(first[at])) / ftrl.learningRate() + ftrl.l2();
            return Math.abs(z) <= ftrl.l1() ? 0 : -(z - Math.signum(z) * ftrl.l1()) / strength;
        }
        first[at] = ((OptimiserRule.Sgd) rule).momentum() * first[at] + g;
        return weight - rate * first[at];
    }
}
