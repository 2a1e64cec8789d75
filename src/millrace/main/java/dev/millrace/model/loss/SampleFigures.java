package dev.millrace.model.loss;

/**
 * Statistics of the candidates of a batch. Of its examples, those that count.
 *
 * @param maskedShare share of the logits of examples and shared negatives that are masked, in [0, 1]
 * @param duplicateShare share of the examples whose item an earlier example of the batch has, in [0, 1)
 * @param logQLow 5th percentile of log Q over the columns; Q is the sampling probability, log is natural
 * @param logQMedian median of log Q
 * @param logQHigh 95th percentile of log Q
 * @param medianProbability median of the positives' probabilities by the stream's popularity, in [0, 1]
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
