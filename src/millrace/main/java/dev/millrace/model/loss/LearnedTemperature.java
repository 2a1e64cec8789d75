package dev.millrace.model.loss;

import dev.millrace.settings.SettingsReader;

/**
 * Whether the temperature is a learned weight, which starts at the temperature of the settings, and its bounds.
 *
 * @param learningRate Adagrad learning rate of the temperature's logarithm: that of the networks, whose gradients it shares
 */
public record LearnedTemperature(boolean isLearned, double min, double max, double learningRate) {

    /** Not learned. */
    public static final LearnedTemperature FIXED = new LearnedTemperature(false, 0.01, 1, 0.02);

    public static LearnedTemperature read(SettingsReader reader) {
        LearnedTemperature learned = new LearnedTemperature(
                reader.flag("loss.temperature.learned = " + FIXED.isLearned
                        + ": learn the logarithm of the temperature with the other weights"),
                reader.number("loss.temperature.min = " + FIXED.min + " in [0.001, 1]: lowest learned temperature"),
                reader.number("loss.temperature.max = " + FIXED.max + " in [0.001, 1]: highest learned temperature"),
                FIXED.learningRate);
        reader.require(learned.min <= learned.max, "loss.temperature.min: must not exceed loss.temperature.max");
        return learned;
    }
}
