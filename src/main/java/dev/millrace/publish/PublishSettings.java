package dev.millrace.publish;

import dev.millrace.settings.SettingsReader;

/** @param sweepSteps steps within which every vector of the catalogue is published anew, touched or not */
public record PublishSettings(int sweepSteps) {

    public static PublishSettings read(SettingsReader reader) {
        return new PublishSettings(reader.integer(
                "publish.sweep.steps",
                50,
                1,
                1_000_000,
                "steps within which every vector is published anew, touched or not: the bound on a vector's age"));
    }
}
