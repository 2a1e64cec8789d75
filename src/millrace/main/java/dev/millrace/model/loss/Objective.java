package dev.millrace.model.loss;

import dev.millrace.batch.MiniBatch;
import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.Products;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.model.network.Scratch;
import java.util.Arrays;

/**
 * The loss of a step as a function of the vectors, and its gradients with respect to them. One thread.
 *
 * <p>The order of the formulas: inner products × factor (1 / temperature for the softmax) → constants (popularity, log Q) →
 * loss → the same way back.
 */
public final class Objective {

    /** Largest share of a click's steepest gradient that a hidden item of the same weight has (BuriedItemTest). */
    private static final double MOST_OF_A_HIDE = 0.1;

    private final Loss settings;
    private final int dim;
    private final ScoreLoss loss;
    private final Temperature temperature;
    private final ObjectiveWeights objectiveWeights;
    private final Products products;
    private double[] losses = new double[0];
    private float[] scores = new float[0];
    private float[] pairScores = new float[0];
    private float[] userGradients = new float[0];
    private float[] itemGradients = new float[0];

    /** @param dim width of the vectors */
    public Objective(Loss settings, StepEngine engine, int dim) {
        this.products = engine.products();
        this.settings = settings;
        this.dim = dim;
        this.loss = ScoreLoss.of(settings, engine.team());
        this.temperature = new Temperature(settings.temperature(), settings.learnedTemperature());
        this.objectiveWeights = new ObjectiveWeights(settings.objectives());
    }

    /**
     * Computes loss and gradients of a batch with the weights of the settings, see {@link #toGradients(float[], float[],
     * Candidates, float[], int[])}.
     */
    public double toGradients(float[] users, float[] items, Candidates candidates, MiniBatch batch) {
        return toGradients(
                users,
                items,
                candidates,
                settings.weights(batch),
                settings.objectives().of(batch));
    }

    /**
     * Computes loss and gradients of a batch.
     *
     * @param users [examples + exposed, dim] unit-length vectors, row-major
     * @param items [candidates, dim] unit-length vectors, row-major
     * @param weights [examples] weight of each example
     * @param objectives [examples] number of the action's loss that each example belongs to, see {@link
     *     ObjectiveSettings#of}
     * @return mean loss
     */
    double toGradients(float[] users, float[] items, Candidates candidates, float[] weights, int[] objectives) {
        int examples = weights.length;
        int shared = candidates.shared();
        float factor = factor();
        scores = Scratch.atLeast(scores, examples * shared);
        pairScores = Scratch.atLeast(pairScores, candidates.pairItems().length);
        userGradients = Scratch.atLeast(userGradients, (examples + candidates.exposed().length) * dim);
        itemGradients = Scratch.atLeast(itemGradients, candidates.items().size() * dim);
        products.multiplyTransposedRight(users, items, scores, examples, dim, shared, factor);
        scorePairs(users, items, candidates, examples, factor);
        if (losses.length != examples) {
            losses = new double[examples];
        }
        float[] weighted = objectiveWeights.weighted(objectives, weights);
        loss.toGradient(new ScoreLoss.Step(scores, pairScores, candidates, weighted), losses);
        products.multiply(scores, items, userGradients, examples, shared, dim, factor);
        products.multiplyTransposedLeft(scores, users, itemGradients, shared, examples, dim, factor);
        Arrays.fill(itemGradients, shared * dim, candidates.items().size() * dim, 0f);
        addPairs(users, items, candidates, examples, factor);
        temperature.learn(-loss.scoreGradient());
        double mean = 0;
        for (int i = 0; i < examples; i++) {
            mean += weighted[i] * losses[i] / examples;
        }
        return mean
                + objectiveWeights.learn(objectives, weights, losses)
                + addExposed(users, items, candidates, examples);
    }

    /** [examples + exposed, dim] dL/dusers, valid until the next call. */
    public float[] userGradients() {
        return userGradients;
    }

    /** [candidates, dim] dL/ditems, valid until the next call. */
    public float[] itemGradients() {
        return itemGradients;
    }

    public Temperature temperature() {
        return temperature;
    }

    public ObjectiveWeights objectiveWeights() {
        return objectiveWeights;
    }

    private float factor() {
        return switch (settings.form().kind()) {
            case SOFTMAX -> (float) (1 / temperature.value());
            case POINTWISE -> (float) settings.form().scale();
            case TRIPLET -> 1f;
        };
    }

    /**
     * Adds the gradients of exposures without a click, and returns their cross-entropy: {@code −w log σ(−scale cos)}, for every kind of
     * loss. For an item that its user hid it is {@code −w min(1, MOST_OF_A_HIDE / p) log (1 − p)}, where p is the probability that the user
     * is recommended it (Wang et al. 2023). The factor {@code min} is ours, and is not differentiated: without it, an account that brings p
     * near to 1 could pull with the force of a click.
     */
    private double addExposed(float[] users, float[] items, Candidates candidates, int examples) {
        double sum = 0;
        double scale = settings.form().scale();
        for (int e = 0; e < candidates.exposed().length; e++) {
            int user = (examples + e) * dim;
            int item = candidates.exposed()[e] * dim;
            float cosine = 0;
            for (int d = 0; d < dim; d++) {
                cosine += users[user + d] * items[item + d];
            }
            double weight = candidates.exposedWeights()[e];
            double logit = scale * cosine;
            if (candidates.hides()[e]) {
                logit -= logOthers(users, user, items, candidates, e);
                weight *= Math.min(1, MOST_OF_A_HIDE / PointwiseLoss.sigmoid(logit));
            }
            sum += weight * PointwiseLoss.softplus(logit);
            float gradient = (float) (weight * scale * PointwiseLoss.sigmoid(logit));
            for (int d = 0; d < dim; d++) {
                userGradients[user + d] = gradient * items[item + d];
                itemGradients[item + d] += gradient * users[user + d];
            }
        }
        return sum;
    }

    /**
     * Returns the logarithm of the sum of {@code e^(scale cos)} over the catalogue without the item that was hidden, for its user, as the columns of the batch
     * estimate it; without a correction it is the sum over the batch. It is not differentiated. Infinite if there are no others: then nothing is learnt.
     */
    private double logOthers(float[] users, int user, float[] items, Candidates candidates, int e) {
        double[] logits = new double[candidates.shared()];
        double max = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < logits.length; c++) {
            float cosine = 0;
            for (int d = 0; d < dim; d++) {
                cosine += users[user + d] * items[c * dim + d];
            }
            logits[c] = c == candidates.exposed()[e]
                    ? Double.NEGATIVE_INFINITY
                    : settings.form().scale() * cosine + candidates.others()[c];
            max = Math.max(max, logits[c]);
        }
        double sum = 0;
        for (double logit : logits) {
            sum += max == Double.NEGATIVE_INFINITY ? 0 : StrictMath.exp(logit - max);
        }
        int columns = settings.correction() == Correction.NONE
                ? 1
                : candidates.columns().candidate().length;
        return sum == 0 ? Double.POSITIVE_INFINITY : max + StrictMath.log(sum / columns);
    }

    private void scorePairs(float[] users, float[] items, Candidates candidates, int examples, float factor) {
        for (int i = 0; i < examples; i++) {
            for (int pair = candidates.pairStarts()[i]; pair < candidates.pairStarts()[i + 1]; pair++) {
                int item = candidates.pairItems()[pair] * dim;
                float sum = 0;
                for (int d = 0; d < dim; d++) {
                    sum += users[i * dim + d] * items[item + d];
                }
                pairScores[pair] = factor * sum;
            }
        }
    }

    private void addPairs(float[] users, float[] items, Candidates candidates, int examples, float factor) {
        for (int i = 0; i < examples; i++) {
            for (int pair = candidates.pairStarts()[i]; pair < candidates.pairStarts()[i + 1]; pair++) {
                int item = candidates.pairItems()[pair] * dim;
                float gradient = factor * pairScores[pair];
                Loops.now().addScaled(userGradients, i * dim, items, item, dim, gradient);
                Loops.now().addScaled(itemGradients, item, users, i * dim, dim, gradient);
            }
        }
    }
}
