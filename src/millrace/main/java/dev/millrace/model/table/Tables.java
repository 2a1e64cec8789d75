package dev.millrace.model.table;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/** Which keys have rows, and for how long. */
public record Tables(int admitAfter, Duration expireAfter, int maxRows) {

    public static Tables read(SettingsReader reader) {
        return new Tables(
                reader.integer(
                        "table.admit-after = 1 in [1, 100]: number of steps that must have read a key before it gets a row"),
                reader.duration(
                        "table.expire-after = 365d in [0s, 36500d]: event time after which a row that no step touches "
                                + "is removed; 0s: never"),
                reader.integer(
                        "table.max-rows = 1000000 in [1, 100000000]: maximum number of rows of an embedding table; "
                                + "beyond it rows that were touched long ago are removed"));
    }
}
