package dev.millrace.neighbour;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/** Settings of the lists of neighbours. */
public record NeighbourSettings(int most, Duration halfLife) {

    public static NeighbourSettings read(SettingsReader reader) {
        return new NeighbourSettings(
                reader.integer(
                        "neighbours.most = 64 in [0, 1000]: maximum number of neighbours of an item, which are items "
                                + "clicked shortly before or after it; 0: no neighbours"),
                reader.duration(
                        "neighbours.half-life = 7d in [1m, 36500d]: event time after which a click weighs half among "
                                + "the neighbours"));
    }

    public boolean areOff() {
        return most == 0;
    }
}
