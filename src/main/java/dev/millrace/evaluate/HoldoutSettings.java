package dev.millrace.evaluate;

import dev.millrace.settings.SettingsReader;

/**
 * Where the test part of a data set begins.
 *
 * @param trainDays number of calendar days to learn from, from the first; 0: {@code evaluate.warm-up} divides the data
 * @param utcOffsetHours offset from UTC of the clock by which a day begins, hours
 */
public record HoldoutSettings(int trainDays, double utcOffsetHours) {

    public static HoldoutSettings read(SettingsReader reader) {
        return new HoldoutSettings(
                reader.integer(
                        "evaluate.train-days",
                        0,
                        0,
                        3_650,
                        "holdout: number of first days to learn from; the rest is the test; 0: evaluate.warm-up divides"),
                reader.number(
                        "evaluate.utc-offset-hours",
                        0,
                        -12,
                        14,
                        "holdout: hours that the clock of these days is ahead of UTC"));
    }
}
