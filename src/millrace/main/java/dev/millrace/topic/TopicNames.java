package dev.millrace.topic;

import dev.millrace.generation.GenerationHistory;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Utf8;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The names that the logical topics have in the cluster.
 *
 * @param modelDeltas there only if a model is learnt in shards, as {@code modelRounds}
 * @param shards number of learners of a model
 * @param isBaseApart whether one learner has a base too, as several have
 */
public record TopicNames(
        String exposures,
        String clicks,
        String users,
        String items,
        String trainingExamples,
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
        String modelDeltas,
        String modelRounds,
        int shards,
        boolean isBaseApart,
        Optional<VectorStore> vectorStore) {

    /** Key of the number of learners. */
    public static final String SHARDS = GenerationHistory.LEARNERS;

    /** Key of whether the base of one learner is apart. */
    public static final String BASE_APART = "learn.base-apart";

    private static final String FOR_ONE_LEARNER = "for this command: it does not know a model that is learnt in shards";
    private static final int MOST_SHARDS = 64;

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
                name(reader, keys, "model-deltas"),
                name(reader, keys, "model-rounds"),
                reader.integer(SHARDS + " = 1 in [1, " + MOST_SHARDS
                        + "]: number of learners that share a model, each with users of its own"),
                reader.flag(BASE_APART
                        + " = false: with one learner, leave catalogue, exams and publication to a task of their own,"
                        + " the base, as with several"),
                vectorStore(reader, keys));
    }

    /** Returns the number of learners that a process may have: of all shards, and the base that they share. */
    public int learners() {
        return areShared() ? shards + 1 : 1;
    }

    /** Returns true if the model is learnt in shards, with a base: by several learners, or by one whose base is apart. */
    public boolean areShared() {
        return shards > 1 || isBaseApart;
    }

    /** Returns the shard of a user, which is its partition of {@code training-examples}. */
    public int shard(String user) {
        return shard(Utf8.bytes(user));
    }

    /** @param user id of the user, the key of its examples */
    public int shard(byte[] user) {
        return KeyPartition.of(user, shards);
    }

    /** @throws InvalidSettingsException if the model is learnt in shards */
    public void requireOneLearner() {
        requireOneLearner(FOR_ONE_LEARNER);
    }

    /**
     * As {@link #requireOneLearner()}, where that depends on more.
     *
     * @param when continues the rule "must be 1"
     */
    public void requireOneLearner(String when) {
        if (areShared()) {
            throw new InvalidSettingsException(List.of(
                    shards > 1
                            ? new SettingFault(SHARDS, Integer.toString(shards), "must be 1 " + when)
                            : new SettingFault(BASE_APART, "true", "must be false " + when)));
        }
    }

    /** Returns the topic that gives the changes of the catalogue one order: that which the learner reads who owns it. */
    public String catalogueChanges() {
        return areShared() ? modelDeltas : trainingExamples;
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
        if (areShared()) {
            all.addAll(List.of(modelDeltas, modelRounds));
        }
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
