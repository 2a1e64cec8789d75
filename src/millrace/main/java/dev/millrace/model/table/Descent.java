package dev.millrace.model.table;

import dev.millrace.settings.SettingsReader;

/**
 * How one kind of weights is updated from its gradients.
 *
 * @param rule update rule
 * @param schedule factor on the rule's learning rate, by step
 * @param maxGradientNorm largest L2 norm of a gradient, a longer one is scaled down to it; 0 never
 * @param l2 weight of the L2 penalty, which is half the squared norm of the weights; 0 for none
 */
public record Descent(OptimiserRule rule, LearningRateSchedule schedule, double maxGradientNorm, double l2) {

    private enum Rule {
        ADAGRAD,
        ADAM,
        FTRL,
        SGD
    }

    private enum Schedule {
        CONSTANT,
        INVERSE_ROOT,
        EXPONENTIAL,
        STEPS
    }

    /** Added to the root of Adagrad's accumulator, so that no step divides by 0; beside any other root it is nothing. */
    private static final double ADAGRAD_EPSILON = 1e-10;

    /** β of FTRL-proximal: about the root of Adagrad's initial accumulator, so that its first steps are as long as Adagrad's. */
    private static final double FTRL_BETA = 0.03;

    /** Factor on the learning rate at each decay: {@code decay-steps} is its half-life. */
    private static final double DECAY_SHARE = 0.5;

    /** Share of the initial learning rate below which it does not fall, so that a stream is learnt from for ever. */
    private static final double LEAST_SHARE = 0.01;

    /** Returns the learning rate at a step of the log. */
    public float learningRate(long step) {
        return (float) (rule.learningRate() * schedule.factor(step));
    }

    static Descent networks(SettingsReader reader) {
        double momentum = reader.number(
                "optimiser.dense.sgd.momentum = 0 in [0, 0.9999]: share of the previous step that an SGD step adds");
        OptimiserRule rule = rule(reader, "dense", "of the networks", new double[] {0.02, 0.001, 0.02, 0.1}, momentum);
        return new Descent(
                rule,
                schedule(reader.named("dense"), rule),
                reader.number("optimiser.dense.max-gradient-norm = 10 in [0, 1.0E9]: L2 norm that the networks' "
                        + "gradient is cut to; 0: never"),
                reader.number("optimiser.dense.l2 = 0 in [0, 1]: L2 penalty on the networks' matrices"));
    }

    static Descent rows(SettingsReader reader) {
        OptimiserRule rule = rule(reader, "rows", "of the embedding rows", new double[] {0.05, 0.005, 0.1, 1}, 0);
        return new Descent(
                rule,
                schedule(reader.named("rows"), rule),
                reader.number("optimiser.rows.max-gradient-norm = 0 in [0, 1.0E9]: L2 norm that a row's gradient is "
                        + "cut to; 0: never"),
                reader.number("optimiser.rows.l2 = 0 in [0, 1]: L2 penalty on the rows that a step reads"));
    }

    /**
     * Reads the keys of all rules, whichever is chosen: all are documented and checked, and a file that changes the rule may
     * keep the keys of the old one.
     *
     * @param rates default learning rates of Adagrad, Adam, FTRL-proximal and SGD
     */
    private static OptimiserRule rule(SettingsReader all, String part, String whose, double[] rates, double momentum) {
        SettingsReader reader = all.named(part);
        String key = "optimiser." + part + ".";
        OptimiserRule adagrad = new OptimiserRule.Adagrad(
                all.number(key + "learning-rate = " + rates[0] + " in [0, 10]: Adagrad step size " + whose),
                reader.number(
                        "optimiser.<part>.initial-accumulator = 0.001 in [0, 1000000]: sum of squared gradients that "
                                + "a weight of Adagrad begins with"),
                ADAGRAD_EPSILON);
        OptimiserRule adam = new OptimiserRule.Adam(
                all.number(key + "adam.learning-rate = " + rates[1] + " in [0, 10]: Adam step size " + whose),
                reader.number(
                        "optimiser.<part>.adam.epsilon = 1.0E-8 in [1.0E-12, 1]: added to the root of Adam's second"
                                + " moment"));
        OptimiserRule ftrl = new OptimiserRule.Ftrl(
                all.number(
                        key + "ftrl.learning-rate = " + rates[2] + " in [1.0E-6, 10]: alpha of FTRL-proximal " + whose),
                FTRL_BETA,
                reader.number("optimiser.<part>.ftrl.l1 = 0 in [0, 1000000]: L1 of FTRL-proximal, which makes weights"
                        + " exactly 0"),
                reader.number("optimiser.<part>.ftrl.l2 = 0 in [0, 1000000]: L2 of FTRL-proximal"));
        OptimiserRule sgd = new OptimiserRule.Sgd(
                all.number(key + "sgd.learning-rate = " + rates[3] + " in [0, 100]: SGD step size " + whose), momentum);
        return switch (reader.choice(
                "optimiser.<part>.kind: optimiser of the networks (dense) or the embedding rows (rows)",
                Rule.ADAGRAD)) {
            case ADAGRAD -> adagrad;
            case ADAM -> adam;
            case FTRL -> ftrl;
            case SGD -> sgd;
        };
    }

    private static LearningRateSchedule schedule(SettingsReader reader, OptimiserRule rule) {
        Schedule kind = reader.choice(
                "optimiser.<part>.schedule.kind: how the learning rate changes with the steps", Schedule.CONSTANT);
        long warmUp = reader.longInteger(
                "optimiser.<part>.schedule.warm-up-steps = 1000 in [1, 1000000000000]: of inverse-root: number of "
                        + "steps in which the rate rises");
        long steps = reader.longInteger(
                "optimiser.<part>.schedule.decay-steps = 10000 in [1, 1000000000000]: of exponential and steps: "
                        + "number of steps in which the rate is halved once");
        reader.require(
                kind == Schedule.CONSTANT || !(rule instanceof OptimiserRule.Ftrl),
                "optimiser.<part>.schedule.kind: must be constant with ftrl, whose rate falls by itself");
        return switch (kind) {
            case CONSTANT -> new LearningRateSchedule.Constant();
            case INVERSE_ROOT -> new LearningRateSchedule.WarmUpInverseRoot(warmUp);
            case EXPONENTIAL -> new LearningRateSchedule.ExponentialDecay(steps, DECAY_SHARE, LEAST_SHARE);
            case STEPS -> new LearningRateSchedule.StepDecay(steps, DECAY_SHARE, LEAST_SHARE);
        };
    }
}
