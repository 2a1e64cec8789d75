package dev.millrace.model.table;

import dev.millrace.settings.SettingsReader;

/**
 * Reads the keys of {@code optimiser.dense} and {@code optimiser.rows}.
 *
 * <p>It reads the keys of every rule and every schedule, whichever is chosen. So all keys are documented and checked. A
 * settings file that changes the rule may keep the keys of the old rule.
 */
final class DescentSettings {

    /** Names of the rules. */
    private enum Kind {
        ADAGRAD,
        ADAM,
        FTRL,
        SGD
    }

    /** Names of the schedules. */
    private enum Schedule {
        CONSTANT,
        INVERSE_ROOT,
        EXPONENTIAL,
        STEPS
    }

    /** Added to the root of Adagrad's accumulator, so that no step divides by 0; beside any other root it is nothing. */
    private static final double ADAGRAD_EPSILON = 1e-10;

    /** The decays of Kingma and Ba 2015. */
    private static final double BETA1 = 0.9;

    private static final double BETA2 = 0.999;

    /** β of FTRL-proximal: about the root of Adagrad's initial accumulator, so that its first steps are as long as Adagrad's. */
    private static final double FTRL_BETA = 0.03;

    /** Factor on the learning rate at each decay: {@code decay-steps} is its half-life. */
    private static final double DECAY_SHARE = 0.5;

    /** Share of the initial learning rate below which it does not fall, so that a stream is learnt from for ever. */
    private static final double LEAST_SHARE = 0.01;

    private final SettingsReader reader;
    private final String part;
    private final String whose;

    private DescentSettings(SettingsReader reader, String part, String whose) {
        this.reader = reader.named(part);
        this.part = part;
        this.whose = whose;
    }

    static Descent networks(SettingsReader reader) {
        return new DescentSettings(reader, "dense", "of the networks")
                .descent(
                        0.02,
                        0.02,
                        0.001,
                        0.1,
                        reader.number(
                                "optimiser.dense.sgd.momentum = 0 in [0, 0.9999]: share of the previous step that an "
                                        + "SGD step adds"),
                        reader.number(
                                "optimiser.dense.max-gradient-norm = 10 in [0, 1.0E9]: L2 norm that the networks' "
                                        + "gradient is cut to; 0: never"),
                        reader.number("optimiser.dense.l2 = 0 in [0, 1]: L2 penalty on the networks' matrices"));
    }

    static Descent rows(SettingsReader reader) {
        return new DescentSettings(reader, "rows", "of the embedding rows")
                .descent(
                        0.05,
                        0.1,
                        0.005,
                        1,
                        0,
                        reader.number(
                                "optimiser.rows.max-gradient-norm = 0 in [0, 1.0E9]: L2 norm that a row's gradient is "
                                        + "cut to; 0: never"),
                        reader.number("optimiser.rows.l2 = 0 in [0, 1]: L2 penalty on the rows that a step reads"));
    }

    private Descent descent(
            double adagradRate,
            double ftrlRate,
            double adamRate,
            double sgdRate,
            double momentum,
            double maxGradientNorm,
            double l2) {
        Kind kind = reader.choice(
                "optimiser.<part>.kind: optimiser of the networks (dense) or the embedding rows (rows)", Kind.ADAGRAD);
        OptimiserRule.Adagrad adagrad = new OptimiserRule.Adagrad(
                rate("learning-rate = " + adagradRate + " in [0, 10]: Adagrad step size "),
                reader.number(
                        "optimiser.<part>.initial-accumulator = 0.001 in [0, 1000000]: sum of squared gradients that "
                                + "a weight of Adagrad begins with"),
                ADAGRAD_EPSILON);
        OptimiserRule.Adam adam = new OptimiserRule.Adam(
                rate("adam.learning-rate = " + adamRate + " in [0, 10]: Adam step size "),
                BETA1,
                BETA2,
                reader.number(
                        "optimiser.<part>.adam.epsilon = 1.0E-8 in [1.0E-12, 1]: added to the root of Adam's second"
                                + " moment"));
        OptimiserRule.Ftrl ftrl = new OptimiserRule.Ftrl(
                rate("ftrl.learning-rate = " + ftrlRate + " in [1.0E-6, 10]: alpha of FTRL-proximal "),
                FTRL_BETA,
                reader.number("optimiser.<part>.ftrl.l1 = 0 in [0, 1000000]: L1 of FTRL-proximal, which makes weights"
                        + " exactly 0"),
                reader.number("optimiser.<part>.ftrl.l2 = 0 in [0, 1000000]: L2 of FTRL-proximal"));
        OptimiserRule.Sgd sgd = new OptimiserRule.Sgd(
                rate("sgd.learning-rate = " + sgdRate + " in [0, 100]: SGD step size "), momentum);
        Schedule schedule = reader.choice(
                "optimiser.<part>.schedule.kind: how the learning rate changes with the steps", Schedule.CONSTANT);
        reader.require(
                kind != Kind.FTRL || schedule == Schedule.CONSTANT,
                "optimiser.<part>.schedule.kind: must be constant with ftrl, whose rate falls by itself");
        OptimiserRule rule =
                switch (kind) {
                    case ADAGRAD -> adagrad;
                    case ADAM -> adam;
                    case FTRL -> ftrl;
                    case SGD -> sgd;
                };
        return new Descent(rule, schedule(schedule), maxGradientNorm, l2);
    }

    private LearningRateSchedule schedule(Schedule kind) {
        long warmUp = reader.longInteger(
                "optimiser.<part>.schedule.warm-up-steps = 1000 in [1, 1000000000000]: of inverse-root: number of "
                        + "steps in which the rate rises");
        long steps = reader.longInteger(
                "optimiser.<part>.schedule.decay-steps = 10000 in [1, 1000000000000]: of exponential and steps: "
                        + "number of steps in which the rate is halved once");
        return switch (kind) {
            case CONSTANT -> new LearningRateSchedule.Constant();
            case INVERSE_ROOT -> new LearningRateSchedule.WarmUpInverseRoot(warmUp);
            case EXPONENTIAL -> new LearningRateSchedule.ExponentialDecay(steps, DECAY_SHARE, LEAST_SHARE);
            case STEPS -> new LearningRateSchedule.StepDecay(steps, DECAY_SHARE, LEAST_SHARE);
        };
    }

    /** Reads a rate, whose default depends on the part. */
    private double rate(String declaration) {
        return reader.number("optimiser." + part + "." + declaration + whose);
    }
}
