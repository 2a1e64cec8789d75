package dev.millrace.batch;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.negative.NegativeDraws;
import java.util.List;

/** Mini-batches that have only what a test is about. */
public final class Batches {

    private Batches() {}

    /** A batch without negatives, of a seed that is its step. */
    public static MiniBatch of(long step, List<CatalogueChange> catalogue, List<TrainingExample> examples) {
        float[] logProbability = new float[examples.size()];
        return of(step, step, catalogue, examples, logProbability, List.of(), new float[0], 1_000);
    }

    /** A batch before which no user was removed, of uniform negatives, without exposures that were not clicked. */
    public static MiniBatch of(
            long step,
            long seed,
            List<CatalogueChange> catalogue,
            List<TrainingExample> examples,
            float[] logProbability,
            List<String> negatives,
            float[] negativeLogProbability,
            int catalogueSize) {
        return of(
                step,
                seed,
                catalogue,
                examples,
                logProbability,
                negatives,
                negativeLogProbability,
                catalogueSize,
                NegativeDraws.UNIFORM);
    }

    /** The same, with negatives that were drawn in other ways too. */
    public static MiniBatch of(
            long step,
            long seed,
            List<CatalogueChange> catalogue,
            List<TrainingExample> examples,
            float[] logProbability,
            List<String> negatives,
            float[] negativeLogProbability,
            int catalogueSize,
            NegativeDraws draws) {
        return new MiniBatch(
                step,
                seed,
                catalogue,
                examples,
                logProbability,
                negatives,
                negativeLogProbability,
                catalogueSize,
                List.of(),
                draws,
                List.of(),
                List.of());
    }
}
