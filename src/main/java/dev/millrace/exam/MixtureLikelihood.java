package dev.millrace.exam;

import dev.millrace.model.Mixture;
import dev.millrace.model.engine.Exponential;
import dev.millrace.model.engine.Loops;
import java.util.Arrays;

/**
 * How likely the {@link Mixture} finds each of some items among the catalogue, and the gradient. One thread.
 *
 * <pre>
 * z_j = a x_j + β n_j        x_j = cos_j / τ,  n_j = {@link dev.millrace.batch.FastPopularity#number}
 * p   = softmax(z)           over the items that are not left out
 * −d log p_t / da = Σ p_j x_j − x_t        −d log p_t / dβ = Σ p_j n_j − n_t
 * </pre>
 *
 * <p>It takes one tile of items after the other. Sums are relative to the largest z so far.
 */
final class MixtureLikelihood {

    private final float towers;
    private final float popularity;
    private final double temperature;
    /** [targets] the largest z so far, then relative to it Σ e^z, Σ e^z cos and Σ e^z n. */
    private final float[] largest;

    private final double[] sums;
    private final double[] cosines;
    private final double[] numbers;
    /** [targets] Sum over the targets of cos_t and n_t. */
    private double ownCosines;

    private double ownNumbers;

    private final float[] numbersOfItems = new float[CatalogueScan.TILE];
    private final float[] logits = new float[CatalogueScan.TILE];
    private final float[] scratch = new float[CatalogueScan.TILE];

    /**
     * @param towers a
     * @param popularity β
     * @param temperature τ
     * @param targets number of targets
     */
    MixtureLikelihood(double towers, double popularity, double temperature, int targets) {
        this.temperature = temperature;
        this.towers = (float) (towers / temperature);
        this.popularity = (float) popularity;
        this.largest = new float[targets];
        Arrays.fill(largest, Float.NEGATIVE_INFINITY);
        this.sums = new double[targets];
        this.cosines = new double[targets];
        this.numbers = new double[targets];
    }

    /** Notes a target itself. */
    void addTarget(float cosine, double number) {
        ownCosines += cosine;
        ownNumbers += number;
    }

    /**
     * Counts a tile of items.
     *
     * @param target whose user the cosines are of
     * @param cosines [.., size] of the items, from {@code row}
     * @param ofItems [size] numbers of the items
     * @param leftOut numbers of items within the tile, ascending, of which those from {@code from} to {@code to}, exclusive, do not count
     * @param first number of the tile's first item
     * @param own number of the target, which counts though it is among those left out
     */
    void addTile(
            int target,
            float[] cosines,
            int row,
            double[] ofItems,
            int size,
            int[] leftOut,
            int from,
            int to,
            int first,
            int own) {
        Loops loops = Loops.now();
        for (int item = 0; item < size; item++) {
            numbersOfItems[item] = (float) ofItems[item];
            logits[item] = towers * cosines[row + item] + popularity * numbersOfItems[item];
        }
        for (int which = from; which < to; which++) {
            if (leftOut[which] != own) {
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
            this.cosines[target] *= shrunk;
            numbers[target] *= shrunk;
            largest[target] = max;
        }
        // those left out count as e^LOWEST, next to nothing
        sums[target] += Exponential.replace(logits, size, largest[target], scratch);
        this.cosines[target] += loops.dot(logits, 0, cosines, row, size);
        numbers[target] += loops.dot(logits, 0, numbersOfItems, 0, size);
    }

    /** Returns the mean over the targets. */
    Mixture.Gradient gradient() {
        double byTowers = -ownCosines;
        double byPopularity = -ownNumbers;
        for (int target = 0; target < sums.length; target++) {
            byTowers += cosines[target] / sums[target];
            byPopularity += numbers[target] / sums[target];
        }
        return new Mixture.Gradient(byTowers / temperature / sums.length, byPopularity / sums.length);
    }
}
