package dev.millrace.model.table;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/**
 * Which keys have rows, and for how long.
 *
 * @param admitAfter steps that must have read a key before it gets a row
 * @param expireAfter event time after which a row that no step touched is removed; 0 never
 * @param maxRows most rows of a table; above it the rows touched longest ago are removed
 */
public record Tables(int admitAfter, Duration expireAfter, int maxRows) {

    public static Tables read(SettingsReader reader) {
        return new Tables(
                reader.integer("table.admit-after", 1, 1, 100, "steps that must have read a key before it gets a row"),
                reader.duration(
                        "table.expire-after",
                        Duration.ofDays(365),
                        Duration.ZERO,
                        Duration.ofDays(36_500),
                        "event time without a step that touches it after which a row is removed; 0s: never"),
                reader.integer(
                        "table.max-rows",
                        1_000_000,
                        1,
                        100_000_000,
                        "most rows of an embedding table; beyond it rows touched long ago are removed"));
    }
}
