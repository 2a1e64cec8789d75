package dev.millrace.evaluate;

import dev.millrace.settings.SettingsReader;

/** How a data set is divided. */
public record PrequentialSettings(double first, double warmUp, int passes) {

    public static PrequentialSettings read(SettingsReader reader) {
        return new PrequentialSettings(
                reader.number(
                        "evaluate.first = 1 in [0.01, 1]: share of the positive examples to use, from the earliest "
                                + "on; use less than 1 to keep the rest unseen while tuning"),
                reader.number(
                        "evaluate.warm-up = 0.5 in [0, 1]: share of the used positive examples, from the earliest "
                                + "on, that is learnt but not scored"),
                reader.integer(
                        "evaluate.passes = 1 in [1, 100]: passes over the warm-up; the last one is in order of time, "
                                + "the others are shuffled"));
    }

    public PrequentialSettings withFirst(double share) {
        return new PrequentialSettings(share, warmUp, passes);
    }

    public PrequentialSettings withWarmUp(double share) {
        return new PrequentialSettings(first, share, passes);
    }
}
