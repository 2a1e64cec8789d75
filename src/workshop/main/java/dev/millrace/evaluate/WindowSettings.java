package dev.millrace.evaluate;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/** How the protocol of windows cuts the log, and what it asks. */
public record WindowSettings(Duration length, int last, Queries queries, Unseen unseen) {

    /** The events that are ranked, of those that have a history. */
    public enum Queries {
        EVERY,
        /** The last one of each user in each window. */
        LAST
    }

    /** What becomes of an event whose item no example named before the window. */
    public enum Unseen {
        /** It is no query, and the item is in no history of the frozen model. */
        DROP,
        /** It is a query. It counts as not found, until an example has named the item for the model that learns. */
        MISS
    }

    public static WindowSettings read(SettingsReader reader) {
        return new WindowSettings(
                reader.duration(
                        "evaluate.windows.length = 0s in [0s, 36500d]: windows: event time of a window, from the "
                                + "first event; 0s: the windows that the log names"),
                reader.integer(
                        "evaluate.windows.last = 0 in [0, 1000000]: windows: number of windows whose events are ranked, the "
                                + "last ones; 0: all but the first"),
                reader.choice(
                        "evaluate.windows.queries: windows: events to rank, of those with a history: every one, or "
                                + "the last one of each user in each window",
                        Queries.EVERY),
                reader.choice(
                        "evaluate.windows.unseen: windows: whether an event of an item that is new in its window is "
                                + "left out (drop) or counts as not found (miss)",
                        Unseen.DROP));
    }
}
