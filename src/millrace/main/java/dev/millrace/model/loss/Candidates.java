package dev.millrace.model.loss;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The candidates of a step's loss, each item once.
 *
 * @param items distinct items, in order of first appearance: the examples' items, shared negatives, negatives of one
 *     example, exposures
 * @param positive [examples] the candidate that is the example's item
 * @param own [examples] constant on the example's own positive logit
 * @param others [shared] constant on the candidate's logit for all other examples; −∞ if it is not a negative
 * @param columns columns of the formula before folding
 * @param pairStarts [examples + 1] where each example's pairs begin
 * @param pairItems [pairs] candidates that are negatives of that example alone
 * @param sameUser [examples] candidates that are masked because they are items of the same user's other examples, ascending;
 *     empty if masking is off
 * @param exposed [exposed] candidate of each exposure without a click, and of each item that its user hid; the users' rows follow those of the examples
 * @param exposedWeights [exposed] weights of their losses
 * @param hides [exposed] whether the user hid the item
 * @param sample statistics of the sample, for reports
 */
public record Candidates(
        List<String> items,
        int[] positive,
        float[] own,
        float[] others,
        Columns columns,
        int[] pairStarts,
        int[] pairItems,
        int[][] sameUser,
        int[] exposed,
        float[] exposedWeights,
        boolean[] hides,
        SampleFigures sample) {

    /*
     * Folding. The formula (Yi et al. 2019) has one column j for each example and each negative, with the constant
     * k_j = b log p_j - log Q_j on its logit. Columns of one item share their score, so they are one candidate here. For the other
     * examples the columns' weights e^{k_j} add up: others = log sum_j e^{k_j}. For the example whose item it is, only its own
     * column counts: own = k_i. Its other columns are the accidental hits that the formula masks. The softmax is the same.
     *
     * Weights below 1. The column of an example is a negative of the others only if the example counts (MiniBatch.isCounted), as in the
     * popularity: the in-batch negatives are then draws from p.
     *
     * Layout. Candidates are numbered in order of first appearance: the items of the examples, then the negatives of all examples;
     * these are `shared`. They are followed by the negatives of one example, and by the items of exposures without a click.
     *
     * Invariant. No two candidates are the same item. An example's own item is never among its pairs.
     *
     * Cost. One pass over the columns, two over the candidates; one look-up by item for each column and pair.
     *
     * Threads. Any: nobody writes to the arrays after construction.
     */

    /**
     * The columns of the formula.
     *
     * @param seed of the draws from the columns
     * @param candidate [columns] candidate of each column that is a negative
     * @param count [shared] number of these columns of each candidate
     * @param counted [examples] whether the example's own column is a negative of other examples
     * @param inBatch [shared] whether a candidate is an example's item
     * @param drawn [shared] constant of the candidate's columns that are not an example's, −∞ if it has none; empty if not
     *     needed
     * @param isMasking whether there is an example whose column is not a negative
     * @param hardest number of in-batch negatives with the highest scores that count; 0 for all
     * @param ownTerm [examples] b log p of the example's item
     * @param logRest [examples] log (1 − Q) of the example's item
     * @param logOdds [shared] −log (N Q) of the candidate, the sampling correction of a pair's log-odds; 0 without
     *     correction
     */
    record Columns(
            long seed,
            int[] candidate,
            int[] count,
            boolean[] counted,
            boolean[] inBatch,
            float[] drawn,
            boolean isMasking,
            int hardest,
            float[] ownTerm,
            float[] logRest,
            float[] logOdds) {}

    /** Lower bound of 1 − Q, which is 0 for the only item of a catalogue. */
    private static final double LEAST_REST = 1e-6;

    private static final int[] NONE = {};

    /** Number of candidates that all examples share. */
    int shared() {
        return others.length;
    }

    /** Returns whether a shared candidate may be a negative of no example. */
    boolean hasMasked() {
        return columns.isMasking;
    }

    /**
     * Returns the candidates of a batch. It numbers the items, folds the columns' constants, masks, and adds the negatives
     * of one example.
     *
     * @param pairs negatives of one example each; an example's own item is left out
     */
    public static Candidates of(MiniBatch batch, Loss loss, NegativePairs pairs) {
        return new Folding(batch, loss).candidates(pairs);
    }

    /** Folds the columns of the formula, by column, by example and by candidate. */
    private static final class Folding {

        private final MiniBatch batch;
        private final Loss loss;
        private final List<TrainingExample> examples;
        private final boolean areInBatch;
        /** Each item's number, in the order of their first appearance. */
        private final Map<String, Integer> numbers;
        /** [columns] */
        private final int[] column;

        private final double[] logQ;
        /** [columns] whether the column is a negative of other examples */
        private final boolean[] isNegative;
        /** [examples] */
        private final float[] own;

        private final float[] ownTerm;
        private final float[] logRest;
        /** [candidates, …] Σ e^k over a candidate's columns, and over those that are not an example's. */
        private final double[] weights;

        private final double[] drawnWeights;
        private final float[] logOdds;

        Folding(MiniBatch batch, Loss loss) {
            this.batch = batch;
            this.loss = loss;
            this.examples = batch.examples();
            this.areInBatch = loss.negatives().areInBatch();
            int columns = examples.size() + batch.negatives().size();
            numbers = new LinkedHashMap<>(2 * columns);
            column = new int[columns];
            logQ = new double[columns];
            isNegative = new boolean[columns];
            own = new float[examples.size()];
            ownTerm = new float[examples.size()];
            logRest = new float[examples.size()];
            weights = new double[columns];
            drawnWeights = new double[columns];
            logOdds = new float[columns];
        }

        Candidates candidates(NegativePairs pairs) {
            fold();
            int shared = numbers.size();
            int[] positive = Arrays.copyOf(column, examples.size());
            Columns columns = columns(shared);
            int[][] sameUser = loss.negatives().isSameUserMasked() ? sameUser(positive) : new int[0][];
            NegativePairs kept = kept(pairs, sameUser);
            int[] pairItems = kept.items().stream().mapToInt(this::number).toArray();
            int[] exposed = batch.exposed().stream()
                    .mapToInt(example -> number(example.item()))
                    .toArray();
            boolean[] hides = new boolean[exposed.length];
            for (int e = 0; e < exposed.length; e++) {
                hides[e] = batch.exposed().get(e).isHiding();
            }
            return new Candidates(
                    List.copyOf(numbers.keySet()),
                    positive,
                    own,
                    logs(weights, shared),
                    columns,
                    kept.starts(examples.size()),
                    pairItems,
                    sameUser,
                    exposed,
                    exposedWeights(batch, loss),
                    hides,
                    figures(positive, sameUser, columns));
        }

        private int number(String item) {
            return numbers.computeIfAbsent(item, absent -> numbers.size());
        }

        /** Gives each column its constant {@code k_j = b log p_j − log Q_j}, and adds {@code e^{k_j}} to its candidate's. */
        private void fold() {
            boolean isCorrected = loss.correction() != Correction.NONE;
            int inBatch = areInBatch
                    ? (int) IntStream.range(0, examples.size())
                            .filter(batch::isCounted)
                            .count()
                    : 0;
            double logSize = StrictMath.log(batch.catalogueSize());
            for (int j = 0; j < column.length; j++) {
                boolean isExample = j < examples.size();
                int drawn = j - examples.size();
                double logP = isExample ? batch.logProbability()[j] : batch.negativeLogProbability()[drawn];
                logQ[j] = logQ(j, logP, batch, inBatch);
                double term = loss.popularityExponent() * logP;
                double constant = isCorrected ? term - logQ[j] : term;
                double weight = StrictMath.exp(constant);
                int c = number(
                        isExample ? examples.get(j).item() : batch.negatives().get(drawn));
                column[j] = c;
                isNegative[j] = !isExample || (areInBatch && batch.isCounted(j));
                if (isExample) {
                    own[j] = (float) constant;
                    ownTerm[j] = (float) term;
                    if (loss.correction() == Correction.YANDEX_2025) {
                        logRest[j] = (float) StrictMath.log(Math.max(LEAST_REST, -StrictMath.expm1(logQ[j])));
                    }
                } else {
                    drawnWeights[c] += weight;
                }
                weights[c] += isNegative[j] ? weight : 0;
                logOdds[c] = isCorrected ? (float) (-logQ[j] - logSize) : 0f;
            }
        }

        private Columns columns(int shared) {
            int hardest = loss.negatives().hardestInBatch().at(batch.step());
            int[] counts = new int[shared];
            boolean[] inBatch = new boolean[shared];
            for (int j = 0; j < column.length; j++) {
                counts[column[j]] += isNegative[j] ? 1 : 0;
                inBatch[column[j]] |= j < examples.size();
            }
            int[] negatives = IntStream.range(0, column.length)
                    .filter(j -> isNegative[j])
                    .map(j -> column[j])
                    .toArray();
            return new Columns(
                    batch.seed(),
                    negatives,
                    counts,
                    Arrays.copyOf(isNegative, examples.size()),
                    inBatch,
                    areInBatch && hardest == 0 ? new float[0] : logs(drawnWeights, shared),
                    negatives.length < column.length,
                    hardest,
                    ownTerm,
                    logRest,
                    Arrays.copyOf(logOdds, shared));
        }

        private int[][] sameUser(int[] positive) {
            Map<String, int[]> ofUser = new HashMap<>();
            for (int i = 0; i < positive.length; i++) {
                ofUser.merge(examples.get(i).user().user(), new int[] {positive[i]}, Candidates::union);
            }
            int[][] masked = new int[positive.length][];
            for (int i = 0; i < positive.length; i++) {
                int itself = positive[i];
                int[] all = ofUser.getOrDefault(examples.get(i).user().user(), NONE);
                masked[i] = all.length == 1
                        ? NONE
                        : Arrays.stream(all).filter(c -> c != itself).toArray();
            }
            return masked;
        }

        /** Leaves out an example's own item, and what is masked for it. */
        private NegativePairs kept(NegativePairs pairs, int[][] sameUser) {
            List<String> items = new ArrayList<>();
            int[] owners = new int[pairs.owners().length];
            for (int pair = 0; pair < owners.length; pair++) {
                int owner = pairs.owners()[pair];
                String item = pairs.items().get(pair);
                boolean isMasked = sameUser.length > 0
                        && Arrays.binarySearch(sameUser[owner], numbers.getOrDefault(item, -1)) >= 0;
                if (!item.equals(examples.get(owner).item()) && !isMasked) {
                    owners[items.size()] = owner;
                    items.add(item);
                }
            }
            return new NegativePairs(Arrays.copyOf(owners, items.size()), items);
        }

        private SampleFigures figures(int[] positive, int[][] sameUser, Columns columns) {
            int[] counts = columns.count;
            int[] counted =
                    IntStream.range(0, positive.length).filter(batch::isCounted).toArray();
            if (counted.length == 0) {
                return SampleFigures.NONE;
            }
            long masked = 0;
            for (int i : counted) {
                masked += counts[positive[i]] - (isNegative[i] ? 1 : 0); // its own column is not masked
                for (int c = 0; sameUser.length > 0 && c < sameUser[i].length; c++) {
                    masked += counts[sameUser[i][c]];
                }
            }
            long distinct =
                    Arrays.stream(counted).map(i -> positive[i]).distinct().count();
            double[] sorted = logQ.clone();
            Arrays.sort(sorted);
            double[] logP = Arrays.stream(counted)
                    .mapToDouble(i -> batch.logProbability()[i])
                    .sorted()
                    .toArray();
            return new SampleFigures(
                    (double) masked / Math.max(1, (long) counted.length * columns.candidate.length),
                    1 - (double) distinct / counted.length,
                    sorted[sorted.length / 20],
                    sorted[sorted.length / 2],
                    sorted[sorted.length - 1 - sorted.length / 20],
                    StrictMath.exp(logP[logP.length / 2]));
        }
    }

    private static float[] exposedWeights(MiniBatch batch, Loss loss) {
        float[] weights = new float[batch.exposed().size()];
        for (int e = 0; e < weights.length; e++) {
            TrainingExample example = batch.exposed().get(e);
            double times = example.isHiding() ? 1 : loss.negatives().exposedWeight();
            weights[e] = (float) (times * example.weight() / loss.fullBatch());
        }
        return weights;
    }

    /**
     * Returns log Q of a column. The mixture is the same for all columns, whichever way they were drawn (Yang et al. 2020):
     * {@code Q = ((n_b + n_m) p + n_u / N + n_a q_a) / (n_b + n_m + n_u + n_a)} for n_b in-batch negatives, n_m from memory,
     * n_u uniform ones and n_a by weights of the items, such as a power of popularity. Negatives of one example are not part
     * of it.
     *
     * @param inBatch n_b
     */
    private static double logQ(int column, double logProbability, MiniBatch batch, int inBatch) {
        int likePositives = batch.draws().fromMemory() + inBatch;
        int uniform = batch.uniformNegatives();
        int byWeight = batch.draws().byWeight();
        if (uniform + byWeight == 0) {
            return logProbability;
        }
        double sum = likePositives * StrictMath.exp(logProbability) + (double) uniform / batch.catalogueSize();
        if (byWeight > 0) {
            sum += byWeight * StrictMath.exp(batch.draws().weightedLogProbability()[column]);
        }
        return StrictMath.log(sum / (likePositives + uniform + byWeight));
    }

    private static float[] logs(double[] weights, int count) {
        float[] logs = new float[count];
        for (int c = 0; c < count; c++) {
            logs[c] = (float) StrictMath.log(weights[c]);
        }
        return logs;
    }

    /** Returns the numbers of both, ascending, each once. */
    private static int[] union(int[] some, int[] others) {
        return IntStream.concat(Arrays.stream(some), Arrays.stream(others))
                .sorted()
                .distinct()
                .toArray();
    }
}
