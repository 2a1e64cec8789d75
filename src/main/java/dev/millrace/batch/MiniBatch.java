package dev.millrace.batch;

import dev.millrace.attribute.TrainingExample;
import java.util.List;

/**
 * One learning step, whole: catalogue changes first, then examples with their negatives.
 *
 * <p>The sequence of these is the write-ahead log of the model: weights at step n are a function of the settings and of
 * batches 1 to n, bit for bit.
 *
 * @param step counts from 1, without gaps
 * @param seed of whatever the step draws by chance
 * @param catalogue items that appeared, changed or went since the last batch, in that order; applied before learning
 * @param examples positives, in log order; may be empty when only the catalogue changed
 * @param logProbability [examples] natural log of the estimated probability that a draw from the stream of positives is this
 *     example's item, as of before this batch
 * @param negatives items that are negatives of every example, drawn from the catalogue as of this batch, the first of them
 *     uniformly and with replacement
 * @param negativeLogProbability [negatives] the same estimate for these
 * @param catalogueSize items in the catalogue as of this batch; the N of the uniform draw
 * @param removedUsers users who asked to be forgotten since the last batch, each once; their rows go before learning
 * @param draws how the negatives were drawn that are not uniform, and negatives of one example alone
 * @param exposed exposures that were not clicked, in log order; learnt only beside positives
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
        List<TrainingExample> exposed) {

    public MiniBatch {
        catalogue = List.copyOf(catalogue);
        examples = List.copyOf(examples);
        negatives = List.copyOf(negatives);
        removedUsers = List.copyOf(removedUsers);
        exposed = List.copyOf(exposed);
        if (logProbability.length != examples.size()) {
            throw new IllegalArgumentException(
                    logProbability.length + " log probabilities for " + examples.size() + " examples");
        }
        if (negativeLogProbability.length != negatives.size()) {
            throw new IllegalArgumentException(
                    negativeLogProbability.length + " log probabilities for " + negatives.size() + " negatives");
        }
        draws.requireFit(examples.size(), negatives.size());
    }

    /** A step that learns nothing and changes nothing. */
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
                List.of());
    }

    /** How many of the negatives, the first, were drawn uniformly. */
    public int uniformNegatives() {
        return negatives.size() - draws.byWeight() - draws.fromMemory();
    }
}
