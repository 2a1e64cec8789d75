package dev.millrace.stream;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.replay.MappedTopics;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySource;
import dev.millrace.topic.LargestRecords;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * The streaming side as two Kafka Streams applications, {@code attribute} and {@code learn}. A third one may learn from the log that
 * {@code learn} writes, and a fourth makes the events of topics that the user has already.
 *
 * <pre>
 * attribute   exposures, clicks, users ──▶ attribute ──▶ training-examples, user-features, attribution-commits,
 *                                                        training-progress, dead-letters
 *             items ──▶ items ──▶ training-examples, training-progress, dead-letters
 *
 * learn       training-examples ──▶ learn ──▶ mini-batches, item-embeddings, model-updates, item-neighbours, generations,
 *                                              training-progress, dead-letters
 *
 * map         topics of the user's own ──▶ map ──▶ exposures, clicks, users, items, training-progress, dead-letters
 *
 * from the log     mini-batches ──▶ learn ──▶ item-embeddings, model-updates, item-neighbours, generations, training-progress,
 *                                              dead-letters
 * </pre>
 *
 * Attribution and learning are two because each has its own commit interval. An attributed click should move on at once. A commit of the
 * learner writes all rows that changed, so it may come less often. {@code items} is a sub-topology of its own, because its input is
 * partitioned by item.
 *
 * <p>Sources hand on bytes, and processors decode them. So an event that cannot be decoded is counted in the same transaction as all others.
 */
public final class MillraceTopology {

    public static final String ATTRIBUTION_STORE = "attribution";
    static final String ATTRIBUTION_BOOKS_STORE = "attribution-books";
    static final String ITEM_BOOKS_STORE = "item-books";
    public static final String LEARNER_STORE = "learner";
    static final String MAP_STORE = "mapped-rows";
    static final String MAP_BOOKS_STORE = "map-books";

    /** Stores that not every commit writes to. */
    public static final Set<String> IDLE_STORES = Set.of(ATTRIBUTION_STORE, MAP_STORE);

    static final String TO_EXAMPLES = "to-training-examples";
    static final String TO_USER_FEATURES = "to-user-features";
    static final String TO_COMMITS = "to-attribution-commits";
    static final String TO_PROGRESS = "to-training-progress";
    static final String TO_DEAD_LETTERS = "to-dead-letters";
    static final String ITEMS_TO_EXAMPLES = "items-to-training-examples";
    static final String ITEMS_TO_PROGRESS = "items-to-training-progress";
    static final String ITEMS_TO_DEAD_LETTERS = "items-to-dead-letters";
    static final String TO_BATCHES = "to-mini-batches";
    static final String TO_EMBEDDINGS = "to-item-embeddings";
    static final String TO_VECTOR_STORE = "to-vector-store";
    static final String TO_UPDATES = "to-model-updates";
    static final String TO_NEIGHBOURS = "to-item-neighbours";
    static final String TO_GENERATIONS = "to-generations";
    static final String LEARN_TO_DEAD_LETTERS = "learn-to-dead-letters";
    static final String TO_EXPOSURES = "to-exposures";
    static final String TO_CLICKS = "to-clicks";
    static final String TO_USERS = "to-users";
    static final String TO_ITEMS = "to-items";

    private static final String ATTRIBUTE = "attribute";
    private static final String ITEMS = "items";
    private static final String LEARN = "learn";
    private static final String MAP = "map";

    private static final Deserializer<byte[]> READ = new ByteArrayDeserializer();
    private static final Serializer<byte[]> WRITE = new ByteArraySerializer();

    /** For a learner from the log: it has no open batch, so the value is not used. */
    private static final Duration NO_WAIT = Duration.ofSeconds(1);

    private MillraceTopology() {}

    /**
     * From events to training examples: one task for each user partition, and one for each item partition.
     *
     * @param kept settings that the state depends on
     * @param partitions number of partitions of an input topic
     * @param experiments finds the states that events refer to
     */
    public static Topology attribute(
            TopicNames topics,
            AttributionSettings settings,
            KeptSettings kept,
            AvroWire wire,
            ToIntFunction<String> partitions,
            ExperimentReference.Lookup experiments) {
        EventTask.Shared shared = new EventTask.Shared(
                topics, wire, new PartitionCheck(settings.placement(), partitions), new CommitPace.OfThreads());
        Topology topology = new Topology();
        source(topology, "from-exposures", topics.exposures());
        source(topology, "from-clicks", topics.clicks());
        source(topology, "from-users", topics.users());
        topology.addProcessor(
                        ATTRIBUTE,
                        () -> new AttributeProcessor(shared, settings, kept, experiments),
                        "from-exposures",
                        "from-clicks",
                        "from-users")
                .addStateStore(WriteThroughStore.entries(ATTRIBUTION_STORE), ATTRIBUTE)
                .addStateStore(WriteThroughStore.<Attribution>builder(ATTRIBUTION_BOOKS_STORE), ATTRIBUTE)
                .addSink(TO_EXAMPLES, topics.trainingExamples(), WRITE, WRITE, ATTRIBUTE)
                .addSink(TO_USER_FEATURES, topics.userFeatures(), WRITE, WRITE, ATTRIBUTE)
                .addSink(TO_COMMITS, topics.attributionCommits(), WRITE, WRITE, ATTRIBUTE)
                .addSink(TO_PROGRESS, topics.trainingProgress(), WRITE, WRITE, ATTRIBUTE)
                .addSink(TO_DEAD_LETTERS, topics.deadLetters(), WRITE, WRITE, ATTRIBUTE);
        return source(topology, "from-items", topics.items())
                .addProcessor(ITEMS, () -> new ItemsProcessor(shared), "from-items")
                .addStateStore(WriteThroughStore.<Books>builder(ITEM_BOOKS_STORE), ITEMS)
                .addSink(ITEMS_TO_EXAMPLES, topics.trainingExamples(), WRITE, WRITE, ITEMS)
                .addSink(ITEMS_TO_PROGRESS, topics.trainingProgress(), WRITE, WRITE, ITEMS)
                .addSink(ITEMS_TO_DEAD_LETTERS, topics.deadLetters(), WRITE, WRITE, ITEMS);
    }

    /**
     * From topics of the user's own to events: a task for each of their partitions.
     *
     * @param partitions number of partitions of such a topic
     */
    public static Topology map(
            TopicNames topics, MappedTopics mapping, AvroWire wire, ToIntFunction<String> partitions) {
        EventTask.Shared shared = new EventTask.Shared(
                topics, wire, new PartitionCheck(Placement.ANY, partitions), new CommitPace.OfThreads());
        Topology topology = new Topology();
        List<String> sources = new ArrayList<>();
        for (String topic : mapping.names()) {
            String name = "from-" + topic;
            source(topology, name, topic);
            sources.add(name);
        }
        return topology.addProcessor(
                        MAP, () -> new MapProcessor(shared, mapping, partitions), sources.toArray(String[]::new))
                .addStateStore(WriteThroughStore.entries(MAP_STORE), MAP)
                .addStateStore(WriteThroughStore.<Books>builder(MAP_BOOKS_STORE), MAP)
                .addSink(TO_EXPOSURES, topics.exposures(), WRITE, WRITE, MAP)
                .addSink(TO_CLICKS, topics.clicks(), WRITE, WRITE, MAP)
                .addSink(TO_USERS, topics.users(), WRITE, WRITE, MAP)
                .addSink(TO_ITEMS, topics.items(), WRITE, WRITE, MAP)
                .addSink(TO_PROGRESS, topics.trainingProgress(), WRITE, WRITE, MAP)
                .addSink(TO_DEAD_LETTERS, topics.deadLetters(), WRITE, WRITE, MAP);
    }

    /**
     * The parts of a learner's node.
     *
     * @param trainers makes an empty trainer over its stored entries
     * @param maxWait longest time that an open batch waits to become full
     * @param terms terms under which the learner publishes its generation
     * @param store store that keeps the trainer
     */
    public record Learner(
            Function<EntrySource, Trainer> trainers,
            Duration maxWait,
            GenerationTerms terms,
            StoreBuilder<WriteThroughStore<Trainer>> store) {

        public Learner(Function<EntrySource, Trainer> trainers, Duration maxWait, GenerationTerms terms) {
            this(trainers, maxWait, terms, WriteThroughStore.builder(LEARNER_STORE));
        }
    }

    /**
     * From training examples to item embeddings: one task.
     *
     * @param maxWait longest time that an open batch waits to become full
     * @param terms terms under which the learner publishes its generation
     */
    public static Topology learn(
            TopicNames topics, TrainerSettings settings, Duration maxWait, AvroWire wire, GenerationTerms terms) {
        return learn(topics, wire, new Learner(stored -> new Trainer(settings, stored), maxWait, terms));
    }

    public static Topology learn(TopicNames topics, AvroWire wire, Learner learner) {
        return learner(LearnProcessor.Source.EXAMPLES, topics, wire, learner)
                .addSink(TO_BATCHES, topics.miniBatches(), WRITE, WRITE, LEARN);
    }

    /**
     * From the log of mini-batches to item embeddings: the same learner, on batches that another learner made.
     *
     * @param isPublishing true to write embeddings and model updates beside those of other generations; false to write progress alone
     * @param terms terms under which the learner publishes its generation
     */
    public static Topology learnFromLog(
            TopicNames topics, TrainerSettings settings, boolean isPublishing, AvroWire wire, GenerationTerms terms) {
        return learner(
                isPublishing ? LearnProcessor.Source.LOG : LearnProcessor.Source.LOG_IN_SHADOW,
                topics,
                wire,
                new Learner(stored -> new Trainer(settings, stored), NO_WAIT, terms));
    }

    private static Topology learner(LearnProcessor.Source source, TopicNames topics, AvroWire wire, Learner learner) {
        boolean isFromExamples = source == LearnProcessor.Source.EXAMPLES;
        String from = isFromExamples ? topics.trainingExamples() : topics.miniBatches();
        String name = isFromExamples ? "from-training-examples" : "from-mini-batches";
        CommitPace.OfThreads paces = new CommitPace.OfThreads();
        Topology topology = source(new Topology(), name, from)
                .addProcessor(LEARN, () -> new LearnProcessor(source, topics, wire, learner, paces), name)
                .addStateStore(learner.store(), LEARN);
        return publishing(topology, topics, LEARN);
    }

    /** Adds the sinks of what a learner publishes. */
    @SuppressWarnings("removal") // the form of a partitioner with headers is not in Kafka 4.3
    private static Topology publishing(Topology topology, TopicNames topics, String learner) {
        topology.addSink(TO_EMBEDDINGS, topics.itemEmbeddings(), WRITE, WRITE, MillraceTopology::partitions, learner)
                .addSink(TO_GENERATIONS, topics.generations(), WRITE, WRITE, learner)
                .addSink(TO_UPDATES, topics.modelUpdates(), WRITE, WRITE, learner)
                .addSink(TO_NEIGHBOURS, topics.itemNeighbours(), WRITE, WRITE, learner)
                .addSink(LEARN_TO_DEAD_LETTERS, topics.deadLetters(), WRITE, WRITE, learner)
                .addSink(TO_PROGRESS, topics.trainingProgress(), WRITE, WRITE, learner);
        topics.vectorStore()
                .ifPresent(store -> topology.addSink(TO_VECTOR_STORE, store.topic(), WRITE, WRITE, learner));
        return topology;
    }

    /** Adds a source of bytes, which processors decode. */
    private static Topology source(Topology topology, String name, String topic) {
        return topology.addSource(AutoOffsetReset.none(), name, MillraceTopology::timestamp, READ, READ, topic);
    }

    /**
     * The record's timestamp, or its partition's latest for a record that has none.
     *
     * <p>It only helps to merge partitions: event time is read from the events. Kafka drops a record with a negative timestamp
     * without a trace, or stops; ours must be counted.
     */
    private static long timestamp(ConsumerRecord<Object, Object> record, long partitionTime) {
        return record.timestamp() >= 0 ? record.timestamp() : Math.max(0, partitionTime);
    }

    /** The mark of a generation goes to every partition, and each embedding where Kafka's default sends its key. */
    private static Optional<Set<Integer>> partitions(String topic, byte[] key, byte[] value, int count) {
        return Topic.isMark(key)
                ? Optional.of(IntStream.range(0, count).boxed().collect(Collectors.toSet()))
                : Optional.empty();
    }

    /** The bytes that the changelogs of an application must take for an entry, by their names. */
    public static Map<String, Long> largestEntries(String applicationId, Part part, LargestRecords largest) {
        return switch (part) {
            case ATTRIBUTE ->
                Map.of(
                        changelog(applicationId, ATTRIBUTION_STORE), largest.attributionEntry(),
                        changelog(applicationId, ATTRIBUTION_BOOKS_STORE), largest.small(),
                        changelog(applicationId, ITEM_BOOKS_STORE), largest.small());
            case MAP ->
                Map.of(
                        changelog(applicationId, MAP_STORE), largest.event(),
                        changelog(applicationId, MAP_BOOKS_STORE), largest.small());
            case LEARN, LEARN_FROM_LOG -> Map.of(changelog(applicationId, LEARNER_STORE), largest.learnerEntry());
        };
    }

    /** Name of the changelog that Kafka Streams makes for a store. */
    public static String changelog(String applicationId, String store) {
        return applicationId + "-" + store + "-changelog";
    }
}
