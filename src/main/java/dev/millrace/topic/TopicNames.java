package dev.millrace.topic;

import dev.millrace.settings.SettingsReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
        String generations,
        String userFeatures,
        String trainingProgress,
        String deadLetters,
        Optional<VectorStore> vectorStore) {

    /**
     * A topic of the item embeddings as JSON, for sinks to vector stores.
     *
     * @param collection that the records name
     * @param id of the records: their key, and the member id
     */
    public record VectorStore(String topic, String collection, Id id) {

        /** What identifies an item there. */
        public enum Id {
            /** The item's own id. */
            ITEM,
            /** A UUID made of it, for stores that know no other ids. */
            UUID
        }
    }

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
                name(reader, "generations"),
                name(reader, "user-features"),
                name(reader, "training-progress"),
                name(reader, "dead-letters"),
                vectorStore(reader));
    }

    /** All of them, in the order in which the data passes through them. */
    public List<String> all() {
        List<String> all = new ArrayList<>(List.of(
                exposures,
                clicks,
                users,
                items,
                trainingExamples,
                miniBatches,
                itemEmbeddings,
                modelUpdates,
                generations,
                userFeatures,
                trainingProgress,
                deadLetters));
        vectorStore.ifPresent(store -> all.add(store.topic()));
        return List.copyOf(all);
    }

    private static Optional<VectorStore> vectorStore(SettingsReader reader) {
        String key = "topic.vector-store.name";
        String topic = reader.text(key, "", "topic of the item embeddings as JSON, for Kafka Connect; empty: none");
        VectorStore store = new VectorStore(
                topic,
                reader.text(
                        "topic.vector-store.collection", "items", "collection that the JSON records name, for Qdrant"),
                reader.choice(
                        "topic.vector-store.id",
                        VectorStore.Id.ITEM,
                        "key of the JSON records and their member id: the item's own id, or a UUID made from it"));
        if (topic.isEmpty()) {
            return Optional.empty();
        }
        requireName(reader, key, topic);
        return Optional.of(store);
    }

    private static String name(SettingsReader reader, String logical) {
        String key = "topic." + logical + ".name";
        String name = reader.text(key, logical, "name of the topic " + logical + " in the cluster");
        requireName(reader, key, name);
        return name;
    }

    private static void requireName(SettingsReader reader, String key, String name) {
        reader.require(
                name.matches("[a-zA-Z0-9._-]{1,200}"),
                key,
                name,
                "must be 1 to 200 letters, digits, dots, underscores and dashes");
    }
}
