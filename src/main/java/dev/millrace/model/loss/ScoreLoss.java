package dev.millrace.model.loss;

/** A loss as a function of the scores of examples and candidates. One thread. */
sealed interface ScoreLoss permits InBatchSoftmax, PointwiseLoss, TripletLoss {

    /**
     * Loss, and its gradient in place of the scores.
     *
     * @param scores [examples, shared] cosines times the factor of the loss; replaced by dL/dscores
     * @param pairScores [pairs] the same of the negatives of one example alone
     * @param candidates their constants, so that correction comes after the temperature
     * @param weights [examples] of the examples
     * @param losses [examples] filled: of each example, before its weight
     */
    void toGradient(float[] scores, float[] pairScores, Candidates candidates, float[] weights, double[] losses);

    /** Σ s dL/ds over the scores of the last call, for the gradient of a factor that all scores have; 0 if none is learned. */
    default double scoreGradient() {
        return 0;
    }

    static ScoreLoss of(Loss settings) {
        return switch (settings.form().kind()) {
            case SOFTMAX ->
                new InBatchSoftmax(
                        settings.correction(), settings.learnedTemperature().isLearned());
            case POINTWISE -> new PointwiseLoss(settings.form().negatives());
            case TRIPLET -> new TripletLoss(settings.form().margin());
        };
    }
}
