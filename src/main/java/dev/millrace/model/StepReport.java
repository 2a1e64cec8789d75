package dev.millrace.model;

/**
 * What one step did.
 *
 * @param loss mean loss of the batch, before the step
 * @param gradientNorm L2 norm of the dense gradient before clipping
 * @param touched rows of embedding tables that changed
 */
public record StepReport(double loss, double gradientNorm, int touched) {}
