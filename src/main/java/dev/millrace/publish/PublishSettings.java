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

    /** @param batchSize positives of a full batch */
    public static PublishSettings read(SettingsReader reader, int batchSize) {
        return new PublishSettings(
                reader.value(
                        "publish.max-age.steps = " + AgeBound.AUTO
                                + ": steps within which every vector is published anew, even if no step touched it: a "
                                + "number, 0: no such bound; or auto: 50, and in a catalogue of more than 50 "
                                + "times `batch.size` items as many as it takes to refresh `batch.size` "
                                + "vectors a step",
                        text -> AgeBound.parse(text, batchSize),
                        "must be auto, or a whole number from 0 to 1000000"),
                reader.duration(
                        "publish.max-age = 0s in [0s, 36500d]: event time within which every vector is published "
                                + "anew; 0s: no such bound"),
                reader.integer(
                        "publish.most-moved = 64 in [0, 100000]: further vectors to publish a step: of the items "
                                + "whose rows have moved farthest since their last publication"),
                reader.integer(
                        "publish.max-vectors = 0 in [0, 100000000]: most of the oldest vectors to publish in one "
                                + "commit; 0: as many as the bounds need. An alarm reports when this breaks the bounds"),
                reader.names(
                        "publish.attributes: item features to publish with the vectors, for subscribers to filter by; "
                                + "no tower needs to read them"),
                GateSettings.read(reader),
                reader.flag(
                        "publish.popularity.dimension = false: append the log of popularity to published vectors, for "
                                + "vector stores that know inner products only"));
    }
}
