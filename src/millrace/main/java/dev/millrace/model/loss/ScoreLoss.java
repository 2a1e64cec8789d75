package dev.millrace.model.loss;

import dev.millrace.model.engine.Exponential;
import dev.millrace.model.engine.Team;
import java.util.Arrays;

/** A loss as a function of the scores of examples and candidates. One thread. */
sealed interface ScoreLoss permits InBatchSoftmax, PointwiseLoss, TripletLoss {

    /** What one thread needs for an example. */
    final class Bench {
        final RowNegatives negatives = new RowNegatives();
        /** From the beginning of the array, see {@link Exponential}. */
        float[] row = new float[0];

        float[] scratch = new float[0];

        /** [team] */
        static Bench[] of(Team team) {
            Bench[] benches = new Bench[team.size()];
            Arrays.setAll(benches, member -> new Bench());
            return benches;
        }
    }

    /** Examples that are worth a second thread. */
    int WORTH_A_THREAD = 8;

    /**
     * Computes the losses, and replaces the scores by their gradients.
     *
     * @param scores [examples, shared] cosines times the factor of the loss; replaced by dL/dscores
     * @param pairScores [pairs] the same for the negatives of one example
     * @param candidates give the constants, which are added to the scores after the temperature
     * @param weights [examples] weight of each example
     * @param losses [examples] loss of each example without its weight, filled
     */
    void toGradient(float[] scores, float[] pairScores, Candidates candidates, float[] weights, double[] losses);

    /**
     * Returns Σ s dL/ds over the scores of the last call. It gives the gradient of a factor on all scores; 0 if no factor is
     * learned.
     */
    default double scoreGradient() {
        return 0;
    }

    /** @param team shares the examples */
    static ScoreLoss of(Loss settings, Team team) {
        return switch (settings.form().kind()) {
            case SOFTMAX ->
                new InBatchSoftmax(
                        settings.correction(),
                        settings.learnedTemperature().isLearned(),
                        settings.form().smoothing(),
                        team);
            case POINTWISE -> new PointwiseLoss(settings.form().negatives(), team);
            case TRIPLET -> new TripletLoss(settings.form().margin(), team);
        };
    }
}
