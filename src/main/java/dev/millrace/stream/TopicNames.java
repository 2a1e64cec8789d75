package dev.millrace.stream;

import dev.millrace.settings.SettingsReader;
import java.util.List;

/** The names that the logical topics have in the cluster. */
public record TopicNames(
        String exposures,
        String clicks,
        String users,
        String items,
        String trainingExamples,
        String miniBatches,
        String itemEmbeddings,
        String modelUpdates,
        String userFeatures,
        String trainingProgress,
        String deadLetters) {

    public static TopicNames read(SettingsReader reader) {
        return new TopicNames(
                name(reader, "exposures"),
                name(reader, "clicks"),
                name(reader, "users"),
                name(reader, "items"),
                name(reader, "training-examples"),
                name(reader, "mini-batches"),
                name(reader, "item-embeddings"),
                name(reader, "model-updates"),
                name(reader, "user-features"),
                name(reader, "training-progress"),
                name(reader, "dead-letters"));
    }

    /** All of them, in the order of the journey. */
    public List<String> all() {
        return List.of(
                exposures,
                clicks,
                users,
                items,
                trainingExamples,
                miniBatches,
                itemEmbeddings,
                modelUpdates,
                userFeatures,
                trainingProgress,
                deadLetters);
    }

    private static String name(SettingsReader reader, String logical) {
        String key = "topic." + logical + ".name";
        String name = reader.text(key, logical, "name of the topic " + logical + " in the cluster");
        reader.require(
                name.matches("[a-zA-Z0-9._-]{1,200}"),
                key,
                name,
                "must be 1 to 200 letters, digits, dots, underscores and dashes");
        return name;
    }
}
