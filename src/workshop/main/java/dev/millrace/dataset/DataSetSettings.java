package dev.millrace.dataset;

import dev.millrace.settings.SettingsReader;
import java.util.List;

/** Settings of the built-in data sets. */
public record DataSetSettings(List<String> kuairandActions, double movielensMinRating) {
    public DataSetSettings {
        kuairandActions = List.copyOf(kuairandActions);
    }

    public static DataSetSettings read(SettingsReader reader) {
        return new DataSetSettings(
                reader.names(
                        "replay.kuairand.actions = click: flags of KuaiRand that count as clicks; long-click and short-click: "
                                + "clicks that were played for a minute, or less: " + KuaiRand.ACTIONS),
                reader.number("replay.movielens.min-rating = 0 in [0, 5]: lowest rating of MovieLens that counts"));
    }
}
