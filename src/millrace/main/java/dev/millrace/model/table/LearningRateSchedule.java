package dev.millrace.model.table;

/** Factor on a learning rate. It is a function of the step of the log alone. */
public sealed interface LearningRateSchedule {

    /**
     * Returns the factor at a step.
     *
     * @param step of the log, from 1
     */
    double factor(long step);

    /** Always 1. */
    record Constant() implements LearningRateSchedule {
        @Override
        public double factor(long step) {
            return 1;
        }
    }

    /**
     * Rises linearly to 1, then falls with the inverse root of the step (Vaswani et al. 2017, equation 3, with the peak
     * scaled to 1).
     *
     * @param warmUpSteps step at which the factor is 1
     */
    record WarmUpInverseRoot(long warmUpSteps) implements LearningRateSchedule {
        @Override
        public double factor(long step) {
            double share = (double) step / warmUpSteps;
            return share < 1 ? share : 1 / Math.sqrt(share);
        }
    }

    /**
     * Falls exponentially: {@code share^(step / steps)}.
     *
     * @param steps in which the factor falls to {@code share}
     * @param share decay over {@code steps} steps, in (0, 1]
     * @param least smallest factor
     */
    record ExponentialDecay(long steps, double share, double least) implements LearningRateSchedule {
        @Override
        public double factor(long step) {
            return Math.max(least, StrictMath.pow(share, (double) step / steps));
        }
    }

    /**
     * Falls in steps: it is multiplied by {@code share} every {@code steps} steps, and constant in between.
     *
     * @param steps between two falls
     * @param share factor of one fall, in (0, 1]
     * @param least smallest factor
     */
    record StepDecay(long steps, double share, double least) implements LearningRateSchedule {
        @Override
        public double factor(long step) {
            long falls = step / steps;
            return Math.max(least, StrictMath.pow(share, (double) falls));
        }
    }
}
