package dev.millrace.evaluate;

import dev.millrace.settings.SettingsReader;

/** Where the test part of a data set begins. */
public record HoldoutSettings(int trainDays, double utcOffsetHours) {

    public static HoldoutSettings read(SettingsReader reader) {
        return new HoldoutSettings(
                reader.integer(
                        "evaluate.train-days = 0 in [0, 3650]: holdout: days to learn from, the first ones; the rest "
                                + "is the test; 0: as evaluate.warm-up says"),
                reader.number(
                        "evaluate.utc-offset-hours = 0 in [-12, 14]: holdout: hours by which the clock that divides "
                                + "these days is ahead of UTC"));
    }
}
