package dev.millrace.batch;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.negative.NegativeDraws;
import dev.millrace.state.CounterRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The complete input of one learning step: catalogue changes first, then examples with their negatives.
 *
 * <p>The sequence of mini-batches is the write-ahead log of the model: weights at step n are a function of the settings
 * and of batches 1 to n, bit for bit.
 *
 * @param step number of the step, from 1, without gaps
 * @param seed seed of all random draws of the step
 * @param catalogue changes since the last batch, in their order; applied before learning
 * @param examples positives, in log order; empty if only the catalogue changed
 * @param logProbability [examples + rehearsed] natural log of the estimated probability that a draw from the stream of positives is
 *     this example's item, as of before this batch
 * @param negatives items that are negatives of every example, drawn from the catalogue as of this batch; the first ones
 *     are drawn uniformly and with replacement
 * @param negativeLogProbability [negatives] the same estimate for each negative
 * @param catalogueSize number of items in the catalogue as of this batch; the N of the uniform draw
 * @param removedUsers users removed since the last batch, each once; their rows are deleted before learning
 * @param draws how the other negatives were drawn, and the negatives of single examples
 * @param exposed exposures without a click, and what users hid, in log order; learnt only together with positives
 * @param rehearsed examples of earlier batches that are learnt again beside the examples, and count nowhere else
 * @param clock event time up to which announced items have come, epoch milliseconds; 0 if it is unknown
 */
public record MiniBatch(
        long step,
        long seed,
        List<CatalogueChange> catalogue,
        List<TrainingExample> examples,
        float[] logProbability,
        List<String> negatives,
        float[] negativeLogProbability,
        int catalogueSize,
        List<String> removedUsers,
        NegativeDraws draws,
        List<TrainingExample> exposed,
        List<TrainingExample> rehearsed,
        long clock) {

    /** Stream of random numbers; smaller ones are the negatives'. */
    private static final int COUNTED = 4;

    public MiniBatch {
        catalogue = List.copyOf(catalogue);
        examples = List.copyOf(examples);
        negatives = List.copyOf(negatives);
        removedUsers = List.copyOf(removedUsers);
        exposed = List.copyOf(exposed);
        rehearsed = List.copyOf(rehearsed);
        int learnt = examples.size() + rehearsed.size();
        if (logProbability.length != learnt) {
            throw new IllegalArgumentException(
                    logProbability.length + " log probabilities for " + learnt + " examples");
        }
        if (negativeLogProbability.length != negatives.size()) {
            throw new IllegalArgumentException(
                    negativeLogProbability.length + " log probabilities for " + negatives.size() + " negatives");
        }
        draws.requireFit(learnt, negatives.size());
    }

    /** A batch whose clock is unknown. */
    public MiniBatch(
            long step,
            long seed,
            List<CatalogueChange> catalogue,
            List<TrainingExample> examples,
            float[] logProbability,
            List<String> negatives,
            float[] negativeLogProbability,
            int catalogueSize,
            List<String> removedUsers,
            NegativeDraws draws,
            List<TrainingExample> exposed,
            List<TrainingExample> rehearsed) {
        this(
                step,
                seed,
                catalogue,
                examples,
                logProbability,
                negatives,
                negativeLogProbability,
                catalogueSize,
                removedUsers,
                draws,
                exposed,
                rehearsed,
                0);
    }

    /** Returns a step that learns nothing and changes nothing. */
    public static MiniBatch empty(long step) {
        return new MiniBatch(
                step,
                0,
                List.of(),
                List.of(),
                new float[0],
                List.of(),
                new float[0],
                0,
                List.of(),
                NegativeDraws.UNIFORM,
                List.of(),
                List.of());
    }

    /** Returns the batch as a step learns it: the rehearsed examples are the last of its examples. */
    public MiniBatch asLearnt() {
        if (rehearsed.isEmpty()) {
            return this;
        }
        List<TrainingExample> learnt = new ArrayList<>(examples);
        learnt.addAll(rehearsed);
        return new MiniBatch(
                step,
                seed,
                catalogue,
                learnt,
                logProbability,
                negatives,
                negativeLogProbability,
                catalogueSize,
                removedUsers,
                draws,
                exposed,
                List.of(),
                clock);
    }

    /**
     * Returns true if an example counts as a positive wherever positives are counted: in popularity and among the negatives, in the
     * catalogue's sightings, in exams and what follows from them, among the neighbours, in alarms and in the memory of what is learnt
     * again. An example of a weight below 1 counts with the probability of its weight, drawn by the batch's seed. So what counts is a
     * sample of the stream: in it a user's repeated clicks are as rare as their weights say, and log Q is right for it. The loss takes the
     * weight itself.
     */
    public boolean isCounted(int example) {
        return isCounted(seed, example, examples.get(example));
    }

    /** @param place of the example in its batch */
    static boolean isCounted(long seed, int place, TrainingExample example) {
        return example.weight() >= 1 || CounterRandom.unit(seed, COUNTED, place) < example.weight();
    }

    /** Returns the examples that count as positives for others, in their order. */
    public List<TrainingExample> counted() {
        return IntStream.range(0, examples.size())
                .filter(this::isCounted)
                .mapToObj(examples::get)
                .toList();
    }

    /** Returns the latest event time of the examples, epoch milliseconds; 0 if there is none. */
    public long latestTime() {
        return examples.stream().mapToLong(TrainingExample::time).max().orElse(0);
    }

    /** Returns how many of the negatives were drawn uniformly; they are the first ones. */
    public int uniformNegatives() {
        return negatives.size() - draws.byWeight() - draws.fromMemory();
    }
}
