package dev.millrace.evaluate;

import dev.millrace.settings.SettingsReader;

/** Where the test part of a data set begins. */
public record HoldoutSettings(int trainDays, double utcOffsetHours) {

    public static HoldoutSettings read(SettingsReader reader) {
        return new HoldoutSettings(
                reader.integer(
                        "evaluate.train-days = 0 in [0, 3650]: holdout: number of first days to learn; the rest is "
                                + "the test; 0: use evaluate.warm-up"),
                reader.number(
                        "evaluate.utc-offset-hours = 0 in [-12, 14]: holdout: offset from UTC, in hours, of the time "
                                + "zone in which these days begin"));
    }
}
