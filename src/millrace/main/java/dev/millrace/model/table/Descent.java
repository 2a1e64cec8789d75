package dev.millrace.model.table;

/**
 * How one kind of weights is updated from its gradients.
 *
 * @param rule update rule
 * @param schedule factor on the rule's learning rate, by step
 * @param maxGradientNorm largest L2 norm of a gradient, a longer one is scaled down to it; 0 never
 * @param l2 weight of the L2 penalty, which is half the squared norm of the weights; 0 for none
 */
public record Descent(OptimiserRule rule, LearningRateSchedule schedule, double maxGradientNorm, double l2) {

    /** Returns the learning rate at a step of the log. */
    public float learningRate(long step) {
        return (float) (rule.learningRate() * schedule.factor(step));
    }
}
