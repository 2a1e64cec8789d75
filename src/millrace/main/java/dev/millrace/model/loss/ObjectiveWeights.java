package dev.millrace.model.loss;

import dev.millrace.state.Form;
import dev.millrace.state.StoredFields;
import java.util.Arrays;

/**
 * Learned weights of the losses of the actions, by their uncertainty (Kendall, Gal and Cipolla 2018, equation 10): {@code L
 * = (1/B) Σ_i w_i (e^{−s} ℓ_i + s/2)}, {@code s} the logarithm of the variance of the loss that example i belongs to; {@code
 * dL/ds = (1/B) Σ_i w_i (1/2 − e^{−s} ℓ_i)}.
 *
 * <p>At equilibrium the weight of a loss is {@code e^{−s} = 1 / (2 ℓ)}, with ℓ its mean. So each action counts the same,
 * however large its loss. The weights stay between 1/100 and 100.
 */
public final class ObjectiveWeights {

    private static final double EPSILON = 1e-10;
    private static final double BOUND = StrictMath.log(100);

    private final ObjectiveSettings settings;
    private final LearnedNumber[] logVariances;
    private final double[] gradients;
    private final StoredFields stored = new StoredFields(this::fields);
    private float[] weighted = new float[0];

    ObjectiveWeights(ObjectiveSettings settings) {
        this.settings = settings;
        this.logVariances = new LearnedNumber[settings.count()];
        this.gradients = new double[settings.count()];
        Arrays.setAll(logVariances, o -> new LearnedNumber(0, -BOUND, BOUND, settings.learningRate(), EPSILON));
        stored.changeIf(settings.areLearned());
    }

    /** Returns e^{−s}, the weight of an action's loss. */
    public double weight(String action) {
        return StrictMath.exp(-logVariances[settings.of(action)].value());
    }

    /**
     * Returns the weights of the examples times those of their losses.
     *
     * @param objectives [examples] number of the loss that each example belongs to
     * @param weights [examples] weight of each example
     * @return [examples] valid until the next call
     */
    float[] weighted(int[] objectives, float[] weights) {
        if (!settings.areLearned()) {
            return weights;
        }
        if (weighted.length != weights.length) {
            weighted = new float[weights.length];
        }
        for (int i = 0; i < weights.length; i++) {
            weighted[i] = (float) (weights[i] * StrictMath.exp(-logVariances[objectives[i]].value()));
        }
        return weighted;
    }

    /**
     * Computes the gradients for the next {@link #apply}.
     *
     * @param losses [examples] loss of each example, without its weight
     * @return the penalty (1/B) Σ w s/2, a part of the loss
     */
    double learn(int[] objectives, float[] weights, double[] losses) {
        if (!settings.areLearned()) {
            return 0;
        }
        Arrays.fill(gradients, 0);
        double penalty = 0;
        for (int i = 0; i < weights.length; i++) {
            int o = objectives[i];
            gradients[o] += weights[i] * (0.5 - StrictMath.exp(-logVariances[o].value()) * losses[i]) / weights.length;
            penalty += weights[i] * logVariances[o].value() / 2;
        }
        return penalty / weights.length;
    }

    /** dL/ds of an action's loss. */
    double gradient(String action) {
        return gradients[settings.of(action)];
    }

    public boolean areFinite() {
        double sum = 0;
        for (double gradient : gradients) {
            sum += Math.abs(gradient);
        }
        return Double.isFinite(sum);
    }

    /** Updates the weights from the gradients. */
    public void apply() {
        for (int o = 0; o < gradients.length && settings.areLearned(); o++) {
            logVariances[o].learn(gradients[o]);
            stored.change();
        }
    }

    public StoredFields stored() {
        return stored;
    }

    private void fields(Form form) {
        for (LearnedNumber each : logVariances) {
            each.value(form);
            each.accumulator(form);
        }
    }
}
