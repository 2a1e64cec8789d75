package dev.millrace.exam;

import dev.millrace.catalogue.ItemAge;
import dev.millrace.model.Mixture;
import dev.millrace.model.engine.Exponential;
import dev.millrace.model.engine.Loops;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.state.Form;
import java.util.Arrays;

/**
 * How likely the {@link Mixture} finds each of some items among the catalogue, and the gradient. One thread.
 *
 * <pre>
 * z_j = a x_j + β c_j + γ g_j + δ h_j + ν n_j      x_j = cos_j / τ,  c_j and g_j of {@link TileNumbers},  h_j = min(g_j, {@link ItemAge#NEW}),
 *                                                  n_j of {@link NearNumbers}
 * p   = softmax(z)                         over the items that are not left out
 * −d log p_t / da = Σ p_j x_j − x_t        and so on for the others
 * </pre>
 *
 * <p>It takes one tile of items after the other. Sums are relative to the largest z so far.
 */
final class MixtureLikelihood {

    private static final int COSINE = 0;
    private static final int POPULARITY = 1;
    private static final int AGE = 2;
    private static final int NEWNESS = 3;
    private static final int NEIGHBOURS = 4;
    private static final int PARTS = 5;

    private float towers;
    private PriorWeights weights;
    private double temperature;
    /** [targets] the largest z so far, then relative to it Σ e^z, and [parts, targets] Σ e^z times each part of the score. */
    private final float[] largest;

    private final double[] sums;
    private final double[][] partSums;
    /** [parts, targets] each part of the targets' own scores. */
    private final double[][] own;

    private final float[][] parts = new float[NEIGHBOURS][CatalogueScan.TILE]; // those of the cosines are not used
    private final float[] priors = new float[CatalogueScan.TILE];
    private final float[] logits = new float[CatalogueScan.TILE];
    private final float[] scratch = new float[CatalogueScan.TILE];

    /**
     * @param mixture weights to find the gradient of
     * @param temperature τ
     * @param targets number of targets
     */
    MixtureLikelihood(Mixture mixture, double temperature, int targets) {
        this((float) (mixture.towers() / temperature), mixture.prior(), temperature, targets);
        Arrays.fill(largest, Float.NEGATIVE_INFINITY);
    }

    private MixtureLikelihood(float towers, PriorWeights weights, double temperature, int targets) {
        this.temperature = temperature;
        this.towers = towers;
        this.weights = weights;
        this.largest = new float[targets];
        this.sums = new double[targets];
        this.partSums = new double[PARTS][targets];
        this.own = new double[PARTS][targets];
    }

    /** Returns one whose fields are to be read. */
    static MixtureLikelihood ofStored(int targets) {
        return new MixtureLikelihood(0, PriorWeights.NONE, 1, targets);
    }

    /** Writes what was counted, or reads it. */
    MixtureLikelihood fields(Form form) {
        towers = form.smallNumber(towers);
        weights = weights.fields(form);
        temperature = form.number(temperature);
        for (int target = 0; target < sums.length; target++) {
            largest[target] = form.smallNumber(largest[target]);
            sums[target] = form.number(sums[target]);
            for (int part = 0; part < PARTS; part++) {
                partSums[part][target] = form.number(partSums[part][target]);
                own[part][target] = form.number(own[part][target]);
            }
        }
        return this;
    }

    /** Notes a target itself, whose numbers are those of an item. */
    void addTarget(int target, float cosine, TileNumbers numbers, int item, float nearness) {
        own[COSINE][target] = cosine;
        own[POPULARITY][target] = numbers.popularity(item);
        own[AGE][target] = numbers.age(item);
        own[NEWNESS][target] = Math.min(numbers.age(item), ItemAge.NEW);
        own[NEIGHBOURS][target] = nearness;
    }

    /** Begins a tile of items. */
    void beginTile(TileNumbers numbers) {
        for (int item = 0; item < numbers.size(); item++) {
            parts[POPULARITY][item] = (float) numbers.popularity(item);
            parts[AGE][item] = (float) numbers.age(item);
            parts[NEWNESS][item] = (float) Math.min(numbers.age(item), ItemAge.NEW);
            priors[item] = (float) numbers.prior(weights, item);
        }
    }

    /**
     * Counts the tile of items that was begun.
     *
     * @param target whose user the cosines are of
     * @param cosines [.., size] of the items, from {@code row}
     * @param leftOut numbers of items within the tile, ascending, of which those from {@code from} to {@code to}, exclusive, do not count
     * @param first number of the tile's first item
     * @param itself number of the target, which counts though it is among those left out
     * @param near what is near to the user's latest clicks
     */
    void addTile(
            int target,
            float[] cosines,
            int row,
            int size,
            int[] leftOut,
            int from,
            int to,
            int first,
            int itself,
            NearNumbers near) {
        Loops loops = Loops.now();
        for (int item = 0; item < size; item++) {
            logits[item] = towers * cosines[row + item] + priors[item];
        }
        near.addTo(logits, first, size, (float) weights.neighbours());
        for (int which = from; which < to; which++) {
            if (leftOut[which] != itself) {
                logits[leftOut[which] - first] = Float.NEGATIVE_INFINITY;
            }
        }
        float max = loops.max(logits, 0, size);
        if (max == Float.NEGATIVE_INFINITY) {
            return;
        }
        if (max > largest[target]) {
            double shrunk = StrictMath.exp((double) largest[target] - max);
            sums[target] *= shrunk;
            for (double[] ofPart : partSums) {
                ofPart[target] *= shrunk;
            }
            largest[target] = max;
        }
        // those left out count as e^LOWEST, next to nothing
        sums[target] += Exponential.replace(logits, size, largest[target], scratch);
        partSums[COSINE][target] += loops.dot(logits, 0, cosines, row, size);
        for (int part = POPULARITY; part < NEIGHBOURS; part++) {
            partSums[part][target] += loops.dot(logits, 0, parts[part], 0, size);
        }
        partSums[NEIGHBOURS][target] += near.sum(logits, first, size);
    }

    /**
     * Returns the mean over some targets.
     *
     * @param counted one or more, ascending
     */
    Mixture.Gradient gradient(int[] counted) {
        return new Mixture.Gradient(
                gradient(COSINE, counted) / temperature,
                new PriorWeights(
                        gradient(POPULARITY, counted),
                        gradient(AGE, counted),
                        gradient(NEWNESS, counted),
                        gradient(NEIGHBOURS, counted)));
    }

    private double gradient(int part, int[] counted) {
        double sum = 0;
        for (int target : counted) {
            sum -= own[part][target];
        }
        for (int target : counted) {
            sum += partSums[part][target] / sums[target];
        }
        return sum / counted.length;
    }
}
