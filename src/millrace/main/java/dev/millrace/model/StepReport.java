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

    /** Returns the report of a step without examples. */
    static StepReport ofNothing(double temperature) {
        return new StepReport(0, 0, temperature, SampleFigures.NONE);
    }
}
