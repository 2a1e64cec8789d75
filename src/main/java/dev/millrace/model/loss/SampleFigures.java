package dev.millrace.model.loss;

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
public record SampleFigures(
        double maskedShare,
        double duplicateShare,
        double logQLow,
        double logQMedian,
        double logQHigh,
        double medianProbability) {

    /** Of a batch without examples. */
    public static final SampleFigures NONE = new SampleFigures(0, 0, 0, 0, 0, 0);
}
