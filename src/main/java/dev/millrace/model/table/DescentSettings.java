package dev.millrace.model.table;

import dev.millrace.settings.SettingsReader;
import java.util.Locale;

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

    private final SettingsReader reader;
    private final String prefix;
    private final String whose;

    private DescentSettings(SettingsReader reader, String prefix, String whose) {
        this.reader = reader;
        this.prefix = prefix;
        this.whose = whose;
    }

    public static Descent networks(SettingsReader reader) {
        DescentSettings keys = new DescentSettings(reader, "optimiser.dense.", "of the networks");
        double momentum = keys.number("sgd.momentum", 0, 0, 0.9999, "share of the previous step that an SGD step adds");
        return keys.descent(
                0.02,
                0.02,
                0.001,
                0.1,
                momentum,
                keys.number("max-gradient-norm", 10, 0, 1e9, "L2 norm the networks' gradient is cut to; 0: never"),
                keys.number("l2", 0, 0, 1, "L2 penalty on the networks' matrices"));
    }

    public static Descent rows(SettingsReader reader) {
        DescentSettings keys = new DescentSettings(reader, "optimiser.rows.", "of the embedding rows");
        return keys.descent(
                0.05,
                0.1,
                0.005,
                1,
                0,
                keys.number("max-gradient-norm", 0, 0, 1e9, "L2 norm a row's gradient is cut to; 0: never"),
                keys.number("l2", 0, 0, 1, "L2 penalty on the rows that a step reads"));
    }

    private Descent descent(
            double adagradRate,
            double ftrlRate,
            double adamRate,
            double sgdRate,
            double momentum,
            double maxGradientNorm,
            double l2) {
        Kind kind = reader.choice(prefix + "kind: optimiser " + whose, Kind.ADAGRAD);
        OptimiserRule.Adagrad adagrad = new OptimiserRule.Adagrad(
                number("learning-rate", adagradRate, 0, 10, "Adagrad step size " + whose),
                number("initial-accumulator", 0.001, 0, 1e6, "initial sum of squared gradients " + whose),
                number("epsilon", 1e-10, 0, 1, "added to the root of the accumulator " + whose));
        OptimiserRule.Adam adam = new OptimiserRule.Adam(
                number("adam.learning-rate", adamRate, 0, 10, "Adam step size " + whose),
                number("adam.beta1", 0.9, 0, 0.9999, "share that Adam's mean of the gradients keeps in a step"),
                number("adam.beta2", 0.999, 0, 0.999999, "share that Adam's mean of their squares keeps in a step"),
                number("adam.epsilon", 1e-8, 1e-12, 1, "added to the root of Adam's second moment"));
        OptimiserRule.Ftrl ftrl = new OptimiserRule.Ftrl(
                number("ftrl.learning-rate", ftrlRate, 1e-6, 10, "alpha of FTRL-proximal " + whose),
                number("ftrl.beta", 0.03, 1e-6, 1e6, "beta of FTRL-proximal: added to the root of the sum of squares"),
                number("ftrl.l1", 0, 0, 1e6, "L1 of FTRL-proximal, which makes weights exactly 0"),
                number("ftrl.l2", 0, 0, 1e6, "L2 of FTRL-proximal"));
        OptimiserRule.Sgd sgd =
                new OptimiserRule.Sgd(number("sgd.learning-rate", sgdRate, 0, 100, "SGD step size " + whose), momentum);
        Schedule schedule = reader.choice(
                prefix + "schedule.kind: how the learning rate " + whose + " changes with the steps",
                Schedule.CONSTANT);
        reader.require(
                kind != Kind.FTRL || schedule == Schedule.CONSTANT,
                prefix + "schedule.kind",
                schedule.name().toLowerCase(Locale.ROOT).replace('_', '-'),
                "must be constant with ftrl, whose rate falls by itself");
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
        long warmUp = steps("schedule.warm-up-steps", 1000, "with inverse-root: steps in which the rate rises");
        long steps = steps(
                "schedule.decay-steps", 10_000, "with exponential and steps: steps in which the rate decays once");
        double share = number("schedule.decay-share", 0.5, 1e-6, 1, "factor on the rate at each decay");
        double least = number("schedule.least", 0.01, 0, 1, "share of the initial rate below which it does not fall");
        return switch (kind) {
            case CONSTANT -> new LearningRateSchedule.Constant();
            case INVERSE_ROOT -> new LearningRateSchedule.WarmUpInverseRoot(warmUp);
            case EXPONENTIAL -> new LearningRateSchedule.ExponentialDecay(steps, share, least);
            case STEPS -> new LearningRateSchedule.StepDecay(steps, share, least);
        };
    }

    private long steps(String key, long byDefault, String doc) {
        return reader.longInteger(prefix + key + " = " + byDefault + " in [1, 1000000000000]: " + doc);
    }

    private double number(String key, double byDefault, double min, double max, String doc) {
        return reader.number(prefix + key + " = " + byDefault + " in [" + min + ", " + max + "]: " + doc);
    }
}
