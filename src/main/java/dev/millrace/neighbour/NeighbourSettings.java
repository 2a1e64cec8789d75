package dev.millrace.neighbour;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/**
 * Settings of the lists of neighbours.
 *
 * @param most neighbours an item has at most; 0: no lists
 * @param halfLife event time after which a click weighs half
 */
public record NeighbourSettings(int most, Duration halfLife) {

    public static NeighbourSettings read(SettingsReader reader) {
        return new NeighbourSettings(
                reader.integer(
                        "neighbours.most",
                        64,
                        0,
                        1_000,
                        "neighbours that an item has at most: items clicked shortly before or after it; 0: no neighbours"),
                reader.duration(
                        "neighbours.half-life",
                        Duration.ofDays(7),
                        Duration.ofMinutes(1),
                        Duration.ofDays(36_500),
                        "event time after which a click weighs half among the neighbours"));
    }

    public boolean areOff() {
        return most == 0;
    }
}
