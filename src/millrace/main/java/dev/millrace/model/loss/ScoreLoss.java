package dev.millrace.model.loss;

import dev.millrace.model.engine.Exponential;
import dev.millrace.model.engine.Team;
import dev.millrace.model.network.Scratch;
import java.util.Arrays;

/** A loss as a function of the scores of examples and candidates, example by example. One thread. */
abstract class ScoreLoss {

    /** Examples that are worth a second thread. */
    private static final int WORTH_A_THREAD = 8;

    private final Team team;
    private final Bench[] benches;

    /** What one thread needs for an example. */
    static final class Bench {
        final RowNegatives negatives = new RowNegatives();
        /** From the beginning of the array, see {@link Exponential}. */
        float[] row = new float[0];

        float[] scratch = new float[0];
    }

    /**
     * What a step gives, and gets back as gradients.
     *
     * @param scores [examples, shared] cosines times the factor of the loss; replaced by dL/dscores
     * @param pairScores [pairs] the same for the negatives of one example
     * @param candidates give the constants, which are added to the scores after the temperature
     * @param weights [examples] weight of each example
     */
    record Step(float[] scores, float[] pairScores, Candidates candidates, float[] weights) {

        int examples() {
            return weights.length;
        }

        int firstPair(int example) {
            return candidates.pairStarts()[example];
        }

        int pairs(int example) {
            return candidates.pairStarts()[example + 1] - firstPair(example);
        }
    }

    /** @param team shares the examples */
    ScoreLoss(Team team) {
        this.team = team;
        this.benches = new Bench[team.size()];
        Arrays.setAll(benches, member -> new Bench());
    }

    /**
     * Computes the losses, and replaces the scores by their gradients.
     *
     * @param losses [examples] loss of each example without its weight, filled
     */
    final void toGradient(Step step, double[] losses) {
        int longest = step.candidates.shared();
        for (int i = 0; i < step.examples(); i++) {
            longest = Math.max(longest, step.candidates.shared() + step.pairs(i));
        }
        for (Bench bench : benches) {
            bench.row = Scratch.atLeast(bench.row, longest);
            bench.scratch = Scratch.atLeast(bench.scratch, longest);
        }
        begin(step);
        team.share(step.examples(), WORTH_A_THREAD, (from, to, member) -> {
            for (int i = from; i < to; i++) {
                losses[i] = example(i, step, benches[member]);
            }
        });
    }

    /** Called before the first example of a step. */
    void begin(Step step) {}

    /**
     * Returns the loss of one example, and replaces its scores by their gradients. Any thread of the team.
     *
     * @param bench whose arrays have room for all scores of the example
     */
    abstract double example(int i, Step step, Bench bench);

    /**
     * Returns Σ s dL/ds over the scores of the last step. It gives the gradient of a factor on all scores; 0 if no factor is
     * learned.
     */
    double scoreGradient() {
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
