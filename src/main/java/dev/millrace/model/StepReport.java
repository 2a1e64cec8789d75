package dev.millrace.model;

/**
 * What one step did.
 *
 * @param loss mean loss of the batch, before the step
 * @param gradientNorm L2 norm of the dense gradient before clipping
 * @param touched rows of embedding tables that changed
 * @param temperature of the softmax after the step
 * @param sample figures of the batch's candidates
 */
public record StepReport(double loss, double gradientNorm, int touched, double temperature, Sample sample) {

    /**
     * How the candidates of a batch are made up.
     *
     * @param maskedShare share of the logits of examples and shared negatives that are masked, in [0, 1]
     * @param duplicateShare share of the examples whose item an earlier example of the batch has, in [0, 1)
     * @param logQLow natural log of the sampling probability below which a twentieth of the columns is
     * @param logQMedian the same of half of them
     * @param logQHigh the same above which a twentieth is
     * @param medianProbability median of the probabilities that the stream's popularity gives the positives, in [0, 1]
     */
    public record Sample(
            double maskedShare,
            double duplicateShare,
            double logQLow,
            double logQMedian,
            double logQHigh,
            double medianProbability) {

        /** Of a batch without examples. */
        public static final Sample NONE = new Sample(0, 0, 0, 0, 0, 0);
    }

    /** A step that had nothing to learn. */
    static StepReport ofNothing(double temperature) {
        return new StepReport(0, 0, 0, temperature, Sample.NONE);
    }
}
