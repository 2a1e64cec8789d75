package dev.millrace.topic;

import dev.millrace.settings.SettingsReader;
import dev.millrace.state.InputTopic;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The names that the logical topics have in the cluster.
 */
public record TopicNames(
        String exposures,
        String clicks,
        String users,
        String items,
        String trainingExamples,
        String attributionCommits,
        String miniBatches,
        String itemEmbeddings,
        String modelUpdates,
        String itemNeighbours,
        String generations,
        String userFeatures,
        String trainingProgress,
        String servingProgress,
        String deadLetters,
        String operatorActions,
        String answers,
        Optional<VectorStore> vectorStore) {

    /** A topic of the item embeddings as JSON, for sinks to vector stores. */
    public record VectorStore(String topic, String collection, Id id) {

        /** What identifies an item there. */
        public enum Id {
            /** The item's own id. */
            ITEM,
            /** A UUID made of it, for stores that know no other ids. */
            UUID
        }
    }

    /** No two logical topics may have one name: dead letters in an input topic would be rejected again, for ever. */
    public static TopicNames read(SettingsReader reader) {
        Map<String, String> keys = new HashMap<>(); // that gave a name, by the name
        return new TopicNames(
                name(reader, keys, "exposures"),
                name(reader, keys, "clicks"),
                name(reader, keys, "users"),
                name(reader, keys, "items"),
                name(reader, keys, "training-examples"),
                name(reader, keys, "attribution-commits"),
                name(reader, keys, "mini-batches"),
                name(reader, keys, "item-embeddings"),
                name(reader, keys, "model-updates"),
                name(reader, keys, "item-neighbours"),
                name(reader, keys, "generations"),
                name(reader, keys, "user-features"),
                name(reader, keys, "training-progress"),
                name(reader, keys, "serving-progress"),
                name(reader, keys, "dead-letters"),
                name(reader, keys, "operator-actions"),
                name(reader, keys, "answers"),
                vectorStore(reader, keys));
    }

    /** The name of a topic that the books count. */
    public String of(InputTopic topic) {
        return switch (topic) {
            case EXPOSURES -> exposures;
            case CLICKS -> clicks;
            case USERS -> users;
            case ITEMS -> items;
            case EXAMPLES -> trainingExamples;
            case BATCHES -> miniBatches;
        };
    }

    /** Those that producers write to. */
    public List<String> inputs() {
        return List.of(exposures, clicks, users, items);
    }

    /** All of them, in the order in which the data passes through them. */
    public List<String> all() {
        List<String> all = new ArrayList<>(List.of(
                exposures,
                clicks,
                users,
                items,
                trainingExamples,
                attributionCommits,
                miniBatches,
                itemEmbeddings,
                modelUpdates,
                itemNeighbours,
                generations,
                userFeatures,
                trainingProgress,
                servingProgress,
                deadLetters,
                operatorActions,
                answers));
        vectorStore.ifPresent(store -> all.add(store.topic()));
        return List.copyOf(all);
    }

    /** Those that trainers write, in transactions. */
    public List<String> outputs() {
        List<String> outputs = new ArrayList<>(all());
        outputs.removeAll(inputs());
        outputs.removeAll(List.of(servingProgress, operatorActions, answers));
        return List.copyOf(outputs);
    }

    /** Those that trainers or {@code millrace map} write, in transactions. */
    public List<String> inTransactions() {
        List<String> written = new ArrayList<>(inputs());
        written.addAll(outputs());
        return List.copyOf(written);
    }

    private static Optional<VectorStore> vectorStore(SettingsReader reader, Map<String, String> keys) {
        String key = "topic.vector-store.name";
        String topic = reader.text(key + ": topic of the item embeddings as JSON, for Kafka Connect; empty: none");
        VectorStore store = new VectorStore(
                topic,
                reader.text("topic.vector-store.collection = items: name of the collection in the JSON records, for"
                        + " Qdrant"),
                reader.choice(
                        "topic.vector-store.id: key and member id of the JSON records: the item's own id, or a UUID"
                                + " made from it",
                        VectorStore.Id.ITEM));
        if (topic.isEmpty()) {
            return Optional.empty();
        }
        requireName(reader, keys, key, topic);
        return Optional.of(store);
    }

    private static String name(SettingsReader reader, Map<String, String> keys, String logical) {
        String name = reader.named(logical)
                .text("topic.<topic>.name = " + logical
                        + ": name of a topic of docs/topics.md in the cluster; by default the same");
        requireName(reader, keys, "topic." + logical + ".name", name);
        return name;
    }

    private static void requireName(SettingsReader reader, Map<String, String> keys, String key, String name) {
        reader.require(
                name.matches("[a-zA-Z0-9._-]{1,200}"),
                key + ": must be 1 to 200 letters, digits, dots, underscores and dashes");
        String other = keys.putIfAbsent(name, key);
        reader.require(other == null, key + ": must not be that of " + other);
    }
}
