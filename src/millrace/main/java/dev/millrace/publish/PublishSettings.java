package dev.millrace.publish;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;
import java.util.List;

/** How vectors are published. */
public record PublishSettings(
        AgeBound bound,
        Duration maxAge,
        int mostMoved,
        int maxVectors,
        List<String> attributes,
        GateSettings gate,
        boolean isPopularityDimension) {

    public PublishSettings {
        attributes = List.copyOf(attributes);
    }

    /** Returns these settings with other bounds, which do not depend on the catalogue. */
    public PublishSettings withBounds(int steps, int moved) {
        return new PublishSettings(
                AgeBound.fixed(steps), Duration.ZERO, moved, 0, attributes, gate, isPopularityDimension);
    }

    /** @param batchSize positive examples in a full batch */
    public static PublishSettings read(SettingsReader reader, int batchSize) {
        return new PublishSettings(
                reader.value(
                        "publish.max-age.steps = " + AgeBound.AUTO
                                + ": number of steps within which every vector is published again, even if no step "
                                + "touched it; 0: no such bound; auto: 50, or items / batch.size if that is more",
                        text -> AgeBound.parse(text, batchSize),
                        "must be auto, or a whole number from 0 to 1000000"),
                reader.duration(
                        "publish.max-age = 0s in [0s, 36500d]: event time within which every vector is published "
                                + "again; 0s: no such bound"),
                reader.integer(
                        "publish.most-moved = 64 in [0, 100000]: number of vectors that a step also publishes: those "
                                + "whose rows have moved farthest since they were last published"),
                reader.integer("publish.max-vectors = 0 in [0, 100000000]: maximum number of the oldest vectors that a "
                        + "commit publishes; 0: as many as the bounds need. An alarm tells if it breaks "
                        + "the bounds"),
                reader.names(
                        "publish.attributes: item features to publish with the vectors, for subscribers to filter by; "
                                + "towers need not read them"),
                GateSettings.read(reader),
                reader.flag(
                        "publish.popularity.dimension = false: append the log of popularity to published vectors, for "
                                + "vector stores that know inner products only"));
    }
}
