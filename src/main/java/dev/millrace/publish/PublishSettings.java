package dev.millrace.publish;

import dev.millrace.settings.SettingsReader;

/**
 * How vectors are published.
 *
 * @param sweepSteps steps within which every vector of the catalogue is published anew, touched or not
 * @param withholdAfterRefused steps refused in a row after which nothing is published
 * @param gate when a fall of quality holds publication back
 */
public record PublishSettings(int sweepSteps, int withholdAfterRefused, GateSettings gate) {

    public static PublishSettings read(SettingsReader reader) {
        return new PublishSettings(
                reader.integer(
                        "publish.sweep.steps",
                        50,
                        1,
                        1_000_000,
                        "steps within which every vector is published anew, touched or not: the bound on a vector's age"),
                reader.integer(
                        "publish.withhold-after-refused",
                        3,
                        1,
                        1_000_000,
                        "steps refused in a row after which nothing is published until one is learnt again"),
                GateSettings.read(reader));
    }
}
