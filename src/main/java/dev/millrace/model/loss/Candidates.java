package dev.millrace.model.loss;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The candidates of a step's loss, each item once.
 *
 * <p>The formula has a column j an example and a column a negative, each with the constant {@code k_j = b log p_j − log Q_j}
 * on its logit. Columns of one item share their score, so they are one candidate here: for the others the columns' weights
 * {@code e^{k_j}} add up, {@code others = log Σ_j e^{k_j}}; for the example whose item it is, only its own column counts,
 * {@code own = k_i}, the rest are the accidental hits that the formula masks. The softmax is the same, number for number.
 *
 * <p>Behind the candidates that all examples share come the items that are negatives of one example alone.
 *
 * @param items each item once, in order of first appearance: positives, then negatives, then those of one example alone
 * @param positive [examples] the candidate that is the example's item
 * @param own [examples] constant on the example's own positive logit
 * @param others [shared] constant on the candidate's logit for all other examples; −∞ if it is no negative
 * @param nextOfItem [shared] the next candidate of the same item, in a ring; itself where each item is once
 * @param columns what the columns were before they were folded
 * @param pairStarts [examples + 1] where each example's pairs begin
 * @param pairItems [pairs] candidates that are negatives of that example alone
 * @param sameUser [examples] candidates that are no negatives of the example, ascending; empty if none are masked
 * @param exposed [exposed] candidates that were shown and not clicked, each to the user behind those of the examples
 * @param exposedWeights [exposed] weights of their losses
 * @param sample figures of the sample, for whoever watches over it
 */
public record Candidates(
        List<String> items,
        int[] positive,
        float[] own,
        float[] others,
        int[] nextOfItem,
        Columns columns,
        int[] pairStarts,
        int[] pairItems,
        int[][] sameUser,
        int[] exposed,
        float[] exposedWeights,
        SampleFigures sample) {

    /**
     * The columns of the formula.
     *
     * @param seed of draws among them
     * @param candidate [columns] candidate of each column that is a negative
     * @param count [shared] such columns of each candidate
     * @param inBatch [shared] whether a candidate is an example's item
     * @param drawn [shared] constant of the candidate's columns that are no example's, −∞ if there are none; empty if nothing asks
     * @param isMasking whether items that only examples brought are no negatives
     * @param hardest how many of the candidates that are examples' items count; 0 for all
     * @param ownTerm [examples] b log p of the example's item
     * @param logRest [examples] log (1 − Q) of the example's item
     * @param logOdds [shared] −log (N Q) of the candidate, what drawing it added to the log-odds of a pair; 0 if not corrected
     */
    record Columns(
            long seed,
            int[] candidate,
            int[] count,
            boolean[] inBatch,
            float[] drawn,
            boolean isMasking,
            int hardest,
            float[] ownTerm,
            float[] logRest,
            float[] logOdds) {

        private static final Columns NONE = new Columns(
                0,
                new int[0],
                new int[0],
                new boolean[0],
                new float[0],
                false,
                0,
                new float[0],
                new float[0],
                new float[0]);
    }

    /** Where no item but its own is in the catalogue, 1 − Q is nothing: its log is taken as that of this. */
    private static final double LEAST_REST = 1e-6;

    /** Candidates of all examples. */
    int shared() {
        return others.length;
    }

    /** Whether some shared candidate is no negative of any example. */
    boolean hasMasked() {
        return columns.isMasking;
    }

    public static Candidates of(MiniBatch batch, Loss loss) {
        return of(batch, loss, NegativePairs.of(batch));
    }

    /** @param pairs negatives of one example each; an example's own item is none */
    public static Candidates of(MiniBatch batch, Loss loss, NegativePairs pairs) {
        int examples = batch.examples().size();
        int negatives = batch.negatives().size();
        boolean areInBatch = loss.negatives().areInBatch();
        int hardest = loss.negatives().hardestInBatch().at(batch.step());
        double logSize = StrictMath.log(batch.catalogueSize());
        Map<String, Integer> numbers = new HashMap<>();
        List<String> items = new ArrayList<>();
        int[] column = new int[examples + negatives];
        double[] logQ = new double[column.length];
        float[] own = new float[examples];
        float[] ownTerm = new float[examples];
        float[] logRest = new float[examples];
        double[] weights = new double[column.length];
        double[] drawnWeights = new double[column.length];
        float[] logOdds = new float[column.length];
        for (int j = 0; j < column.length; j++) {
            boolean isExample = j < examples;
            double logP = isExample ? batch.logProbability()[j] : batch.negativeLogProbability()[j - examples];
            logQ[j] = logQ(j, logP, batch, areInBatch);
            double term = loss.popularityExponent() * logP;
            double constant = loss.correction() == Correction.NONE ? term : term - logQ[j];
            column[j] = number(
                    numbers,
                    items,
                    isExample
                            ? batch.examples().get(j).item()
                            : batch.negatives().get(j - examples));
            double weight = StrictMath.exp(constant);
            if (isExample) {
                own[j] = (float) constant;
                ownTerm[j] = (float) term;
                if (loss.correction() == Correction.YANDEX_2025) {
                    logRest[j] = (float) StrictMath.log(Math.max(LEAST_REST, -StrictMath.expm1(logQ[j])));
                }
            } else {
                drawnWeights[column[j]] += weight;
            }
            weights[column[j]] += weight;
            logOdds[column[j]] = loss.correction() == Correction.NONE ? 0f : (float) (-logQ[j] - logSize);
        }
        int shared = items.size();
        int[] counts = new int[shared];
        boolean[] inBatch = new boolean[shared];
        for (int j = 0; j < column.length; j++) {
            counts[column[j]] += j >= examples || areInBatch ? 1 : 0;
            inBatch[column[j]] |= j < examples;
        }
        float[] drawn = areInBatch && hardest == 0 ? new float[0] : logs(drawnWeights, shared);
        int[] positive = Arrays.copyOf(column, examples);
        int[][] sameUser = loss.negatives().isSameUserMasked() ? sameUser(batch, positive) : new int[0][];
        int[] nextOfItem = new int[shared];
        Arrays.setAll(nextOfItem, c -> c);
        NegativePairs kept = kept(pairs, batch, sameUser, numbers);
        int[] pairItems = kept.items().stream()
                .mapToInt(item -> number(numbers, items, item))
                .toArray();
        int[] exposed = batch.exposed().stream()
                .mapToInt(example -> number(numbers, items, example.item()))
                .toArray();
        float[] exposedWeights = new float[exposed.length];
        for (int e = 0; e < exposed.length; e++) {
            double weight = batch.exposed().get(e).weight();
            exposedWeights[e] = (float) (loss.negatives().exposedWeight() * weight / loss.fullBatch());
        }
        Columns columns = new Columns(
                batch.seed(),
                areInBatch ? column : Arrays.copyOfRange(column, examples, column.length),
                counts,
                inBatch,
                drawn,
                !areInBatch,
                hardest,
                ownTerm,
                logRest,
                Arrays.copyOf(logOdds, shared));
        return new Candidates(
                items,
                positive,
                own,
                areInBatch ? logs(weights, shared) : drawn,
                nextOfItem,
                columns,
                kept.starts(examples),
                pairItems,
                sameUser,
                exposed,
                exposedWeights,
                sample(batch, positive, counts, sameUser, columns, logQ));
    }

    /**
     * Every example's item a candidate of its own, repeated or not: for items whose features differ from example to example.
     *
     * @param items [examples]
     * @param constants [examples] {@code k_j}
     */
    public static Candidates columns(List<String> items, float[] constants) {
        int[] positive = new int[items.size()];
        int[] nextOfItem = new int[items.size()];
        Map<String, Integer> last = new HashMap<>();
        for (int c = 0; c < positive.length; c++) {
            positive[c] = c;
            Integer before = last.put(items.get(c), c);
            nextOfItem[c] = before == null ? c : nextOfItem[before];
            if (before != null) {
                nextOfItem[before] = c;
            }
        }
        return new Candidates(
                items,
                positive,
                constants,
                constants,
                nextOfItem,
                Columns.NONE,
                new int[items.size() + 1],
                new int[0],
                new int[0][],
                new int[0],
                new float[0],
                SampleFigures.NONE);
    }

    /**
     * log Q of a column, with the same mixture for every one, however it was drawn (Yang et al. 2020): {@code Q = ((n_b + n_m) p +
     * n_u / N + n_a q_a) / (n_b + n_m + n_u + n_a)} for n_b in-batch negatives, n_m from memory, n_u uniform ones and n_a by a
     * power of popularity. Negatives of one example alone are not part of it.
     */
    private static double logQ(int column, double logProbability, MiniBatch batch, boolean areInBatch) {
        int likePositives =
                batch.draws().fromMemory() + (areInBatch ? batch.examples().size() : 0);
        int uniform = batch.uniformNegatives();
        int byPopularity = batch.draws().byPopularity();
        if (uniform + byPopularity == 0) {
            return logProbability;
        }
        double sum = likePositives * StrictMath.exp(logProbability) + (double) uniform / batch.catalogueSize();
        if (byPopularity > 0) {
            sum += byPopularity * StrictMath.exp(batch.draws().powerLogProbability()[column]);
        }
        return StrictMath.log(sum / (likePositives + uniform + byPopularity));
    }

    private static float[] logs(double[] weights, int count) {
        float[] logs = new float[count];
        for (int c = 0; c < count; c++) {
            logs[c] = (float) StrictMath.log(weights[c]);
        }
        return logs;
    }

    private static int[][] sameUser(MiniBatch batch, int[] positive) {
        Map<String, Set<Integer>> ofUser = new HashMap<>();
        List<TrainingExample> examples = batch.examples();
        for (int i = 0; i < positive.length; i++) {
            ofUser.computeIfAbsent(examples.get(i).user().user(), user -> new LinkedHashSet<>())
                    .add(positive[i]);
        }
        int[][] masked = new int[positive.length][];
        for (int i = 0; i < positive.length; i++) {
            int own = positive[i];
            masked[i] = ofUser.getOrDefault(examples.get(i).user().user(), Set.of()).stream()
                    .mapToInt(c -> c)
                    .filter(c -> c != own)
                    .sorted()
                    .toArray();
        }
        return masked;
    }

    private static NegativePairs kept(
            NegativePairs pairs, MiniBatch batch, int[][] sameUser, Map<String, Integer> numbers) {
        List<String> items = new ArrayList<>();
        int[] owners = new int[pairs.owners().length];
        for (int pair = 0; pair < owners.length; pair++) {
            int owner = pairs.owners()[pair];
            String item = pairs.items().get(pair);
            boolean isOwn = item.equals(batch.examples().get(owner).item());
            Integer candidate = numbers.get(item);
            boolean isMasked =
                    sameUser.length > 0 && candidate != null && Arrays.binarySearch(sameUser[owner], candidate) >= 0;
            if (!isOwn && !isMasked) {
                owners[items.size()] = owner;
                items.add(item);
            }
        }
        return new NegativePairs(Arrays.copyOf(owners, items.size()), items);
    }

    private static SampleFigures sample(
            MiniBatch batch, int[] positive, int[] counts, int[][] sameUser, Columns columns, double[] logQ) {
        int distinct = (int) Arrays.stream(positive).distinct().count();
        int own = columns.isMasking ? 0 : 1; // an example's own column is among them, or no example's is
        long masked = 0;
        for (int i = 0; i < positive.length; i++) {
            masked += counts[positive[i]] - own;
            for (int c = 0; sameUser.length > 0 && c < sameUser[i].length; c++) {
                masked += counts[sameUser[i][c]];
            }
        }
        double[] sorted = logQ.clone();
        Arrays.sort(sorted);
        float[] logP = batch.logProbability().clone();
        Arrays.sort(logP);
        return new SampleFigures(
                (double) masked / Math.max(1, (long) positive.length * columns.candidate.length),
                1 - (double) distinct / positive.length,
                sorted[sorted.length / 20],
                sorted[sorted.length / 2],
                sorted[sorted.length - 1 - sorted.length / 20],
                StrictMath.exp(logP[logP.length / 2]));
    }

    private static int number(Map<String, Integer> numbers, List<String> items, String item) {
        Integer known = numbers.putIfAbsent(item, items.size());
        if (known != null) {
            return known;
        }
        items.add(item);
        return items.size() - 1;
    }
}
