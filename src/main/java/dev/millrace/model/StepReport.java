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

    /** A step that had nothing to learn. */
    static StepReport ofNothing(double temperature) {
        return new StepReport(0, 0, 0, temperature, SampleFigures.NONE);
    }
}
