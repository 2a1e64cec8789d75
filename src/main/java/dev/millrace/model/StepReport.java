package dev.millrace.model;

import dev.millrace.model.loss.SampleFigures;

/**
 * What one step did.
 *
 * @param loss mean loss of the batch, before the step
 * @param gradientNorm L2 norm of the dense gradient before clipping
 * @param touched rows of embedding tables that changed
 * @param temperature of the softmax after the step
 * @param sample figures of the batch's candidates
 */
public record StepReport(double loss, double gradientNorm, int touched, double temperature, SampleFigures sample) {

    /** Share of the logits of examples and shared negatives that are masked, in [0, 1]. */
    public double maskedShare() {
        return sample.maskedShare();
    }

    /** Share of the examples whose item an earlier example of the batch has, in [0, 1). */
    public double duplicateShare() {
        return sample.duplicateShare();
    }

    /** Median of the probabilities that the stream's popularity gives the positives, in [0, 1]. */
    public double medianProbability() {
        return sample.medianProbability();
    }

    /** Natural log of the sampling probability below which a twentieth of the candidates' columns is. */
    public double logQLow() {
        return sample.logQLow();
    }

    /** The same of half of them. */
    public double logQMedian() {
        return sample.logQMedian();
    }

    /** The same above which a twentieth is. */
    public double logQHigh() {
        return sample.logQHigh();
    }

    /** A step that had nothing to learn. */
    static StepReport ofNothing(double temperature) {
        return new StepReport(0, 0, 0, temperature, SampleFigures.NONE);
    }
}
