package dev.millrace.model.table;

/** What a learning rate is multiplied with: a function of the step of the log alone. */
public sealed interface LearningRateSchedule {

    /**
     * The factor at a step.
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
     * Rises evenly to 1, then falls with the root of the step (Vaswani et al. 2017, equation 3, with its peak scaled to 1).
     *
     * @param warmUpSteps at which it is 1
     */
    record WarmUpInverseRoot(long warmUpSteps) implements LearningRateSchedule {
        @Override
        public double factor(long step) {
            double share = (double) step / warmUpSteps;
            return share < 1 ? share : 1 / Math.sqrt(share);
        }
    }

    /**
     * Falls by one share every so many steps, evenly.
     *
     * @param steps in which it falls to {@code share}
     * @param share of before, in (0, 1]
     * @param least below which it does not fall
     */
    record ExponentialDecay(long steps, double share, double least) implements LearningRateSchedule {
        @Override
        public double factor(long step) {
            return Math.max(least, StrictMath.pow(share, (double) step / steps));
        }
    }

    /**
     * Falls by one share at once, every so many steps.
     *
     * @param steps between the falls
     * @param share of before, in (0, 1]
     * @param least below which it does not fall
     */
    record StepDecay(long steps, double share, double least) implements LearningRateSchedule {
        @Override
        public double factor(long step) {
            long falls = step / steps;
            return Math.max(least, StrictMath.pow(share, (double) falls));
        }
    }
}
