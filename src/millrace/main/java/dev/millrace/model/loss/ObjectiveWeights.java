package dev.millrace.model.loss;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
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

    private static final double INITIAL_ACCUMULATOR = 0.001;
    private static final double EPSILON = 1e-10;
    private static final double BOUND = StrictMath.log(100);

    private final ObjectiveSettings settings;
    private final double[] logVariances;
    private final double[] accumulators;
    private final double[] gradients;
    private float[] weighted = new float[0];
    private boolean isDirty;

    ObjectiveWeights(ObjectiveSettings settings) {
        this.settings = settings;
        this.logVariances = new double[settings.count()];
        this.accumulators = new double[settings.count()];
        this.gradients = new double[settings.count()];
        Arrays.fill(accumulators, INITIAL_ACCUMULATOR);
        this.isDirty = settings.areLearned();
    }

    public boolean areLearned() {
        return settings.areLearned();
    }

    /** Returns e^{−s}, the weight of an action's loss. */
    public double weight(String action) {
        return StrictMath.exp(-logVariances[settings.of(action)]);
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
            weighted[i] = (float) (weights[i] * StrictMath.exp(-logVariances[objectives[i]]));
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
            gradients[o] += weights[i] * (0.5 - StrictMath.exp(-logVariances[o]) * losses[i]) / weights.length;
            penalty += weights[i] * logVariances[o] / 2;
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
            accumulators[o] += gradients[o] * gradients[o];
            logVariances[o] -= settings.learningRate() * gradients[o] / (StrictMath.sqrt(accumulators[o]) + EPSILON);
            logVariances[o] = Math.min(Math.max(logVariances[o], -BOUND), BOUND);
            isDirty = true;
        }
    }

    /** Returns true if the weights changed since the last call. */
    public boolean drain() {
        boolean wasDirty = isDirty;
        isDirty = false;
        return wasDirty;
    }

    public byte[] entry() {
        Fields fields = new Fields();
        for (int o = 0; o < logVariances.length; o++) {
            fields.number(logVariances[o]).number(accumulators[o]);
        }
        return fields.framed();
    }

    public void restore(byte[] entry) {
        ByteBuffer payload = Frame.open(entry);
        if (payload.remaining() != 2 * Double.BYTES * logVariances.length) {
            throw new CorruptEntryException("expected the weights of " + logVariances.length + " losses, found "
                    + payload.remaining() + " bytes");
        }
        for (int o = 0; o < logVariances.length; o++) {
            logVariances[o] = payload.getDouble();
            accumulators[o] = payload.getDouble();
        }
        isDirty = false;
    }
}
