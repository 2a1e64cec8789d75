package dev.millrace.model.table;

/**
 * How one kind of weights follows its gradient.
 *
 * @param rule by which it follows the gradient
 * @param schedule of the rule's learning rate
 * @param maxGradientNorm L2 norm that a gradient is scaled down to; 0 never
 * @param l2 weight of half the squared norm, added to the loss; 0 for none
 */
public record Descent(OptimiserRule rule, LearningRateSchedule schedule, double maxGradientNorm, double l2) {

    /** Of a step of the log. */
    public float learningRate(long step) {
        return (float) (rule.learningRate() * schedule.factor(step));
    }
}
