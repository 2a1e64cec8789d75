package dev.millrace.publish;

import dev.millrace.settings.SettingsReader;

/**
 * How vectors are published.
 *
 * @param sweepSteps steps within which every vector of the catalogue is published anew, touched or not
 * @param withholdAfterRefused steps refused in a row after which nothing is published
 * @param gate when a fall of quality holds publication back
 * @param isPopularityDimension whether vectors end with a component of popularity
 * @param popularityMinMove by how much that component may be out of date
 */
public record PublishSettings(
        int sweepSteps,
        int withholdAfterRefused,
        GateSettings gate,
        boolean isPopularityDimension,
        double popularityMinMove) {

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
                GateSettings.read(reader),
                reader.flag(
                        "publish.popularity.dimension",
                        false,
                        "append the log of popularity to published vectors, for vector stores that know inner products only"),
                reader.number(
                        "publish.popularity.min-move",
                        0.1,
                        0.001,
                        10,
                        "with publish.popularity.dimension: an item whose log of popularity fell by as much is published again"));
    }
}
