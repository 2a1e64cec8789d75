package dev.millrace.model;

import dev.millrace.model.loss.SampleFigures;

/**
 * The results of one step.
 *
 * @param loss mean loss of the batch, before the step
 * @param gradientNorm L2 norm of the dense gradient before clipping
 * @param temperature of the softmax after the step
 * @param sample statistics of the batch's candidates
 */
public record StepReport(double loss, double gradientNorm, double temperature, SampleFigures sample) {

    /** Share of the logits of examples and shared negatives that are masked, in [0, 1]. */
    public double maskedShare() {
        return sample.maskedShare();
    }

    /** Share of the examples whose item an earlier example of the batch has, in [0, 1). */
    public double duplicateShare() {
        return sample.duplicateShare();
    }

    /** Median of the positives' probabilities by the stream's popularity, in [0, 1]. */
    public double medianProbability() {
        return sample.medianProbability();
    }

    /** 5th percentile of log Q over the candidates' columns; Q is the sampling probability, log is natural. */
    public double logQLow() {
        return sample.logQLow();
    }

    /** Median of log Q. */
    public double logQMedian() {
        return sample.logQMedian();
    }

    /** 95th percentile of log Q. */
    public double logQHigh() {
        return sample.logQHigh();
    }

    /** Returns the report of a step without examples. */
    static StepReport ofNothing(double temperature) {
        return new StepReport(0, 0, temperature, SampleFigures.NONE);
    }
}
