package dev.millrace.replay;

import dev.millrace.settings.SettingsReader;
import java.util.List;

/**
 * Settings of the built-in data sets.
 *
 * @param kuairandActions flags of KuaiRand that become clicks
 * @param movielensMinRating smallest rating of MovieLens that is used
 */
public record ReplaySettings(List<String> kuairandActions, double movielensMinRating) {
    public ReplaySettings {
        kuairandActions = List.copyOf(kuairandActions);
    }

    public static ReplaySettings read(SettingsReader reader) {
        return new ReplaySettings(
                reader.names(
                        "replay.kuairand.actions",
                        "click",
                        "flags of KuaiRand that become clicks: " + KuaiRand.ACTIONS),
                reader.number("replay.movielens.min-rating", 0, 0, 5, "ratings of MovieLens below it are left out"));
    }
}
