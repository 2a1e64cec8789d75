package dev.millrace.stream;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.state.Books;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import dev.millrace.wire.AvroWire;
import java.time.Duration;
import java.util.function.Supplier;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;

/**
 * The whole of the streaming side, as two Streams applications.
 *
 * <pre>
 * attribute   exposures, clicks, users ──▶ attribute ──▶ training-examples, user-features, training-progress, dead-letters
 *             items ──▶ items ──▶ training-examples, training-progress, dead-letters
 *
 * learn       training-examples ──▶ learn ──▶ mini-batches, item-embeddings, model-updates, generations, training-progress, dead-letters
 *             (or mini-batches ──▶ learn ──▶ item-embeddings, model-updates, generations, training-progress, dead-letters: from the log alone)
 * </pre>
 *
 * They are two because each has its own commit interval: an attributed click should move on at once, while the learner's
 * commit writes all rows that changed. {@code items} is a sub-topology of its own: it is partitioned by item.
 *
 * <p>Sources hand on bytes. Decoding is the processors', so that an event that cannot be read is counted in the same
 * transaction as all others.
 */
public final class MillraceTopology {

    static final String ATTRIBUTION_STORE = "attribution";
    static final String ATTRIBUTION_BOOKS_STORE = "attribution-books";
    static final String ITEM_BOOKS_STORE = "item-books";
    public static final String LEARNER_STORE = "learner";

    static final String TO_EXAMPLES = "to-training-examples";
    static final String TO_USER_FEATURES = "to-user-features";
    static final String TO_PROGRESS = "to-training-progress";
    static final String TO_DEAD_LETTERS = "to-dead-letters";
    static final String ITEMS_TO_EXAMPLES = "items-to-training-examples";
    static final String ITEMS_TO_PROGRESS = "items-to-training-progress";
    static final String ITEMS_TO_DEAD_LETTERS = "items-to-dead-letters";
    static final String TO_BATCHES = "to-mini-batches";
    static final String TO_EMBEDDINGS = "to-item-embeddings";
    static final String TO_VECTOR_STORE = "to-vector-store";
    static final String TO_UPDATES = "to-model-updates";
    static final String TO_GENERATIONS = "to-generations";
    static final String LEARN_TO_DEAD_LETTERS = "learn-to-dead-letters";

    private static final String ATTRIBUTE = "attribute";
    private static final String ITEMS = "items";
    private static final String LEARN = "learn";

    private static final Deserializer<byte[]> READ = new ByteArrayDeserializer();
    private static final Serializer<byte[]> WRITE = new ByteArraySerializer();

    private MillraceTopology() {}

    /** From events to training examples: one task a user partition, and one an item partition. */
    public static Topology attribute(TopicNames topics, AttributionSettings settings, AvroWire wire) {
        return new Topology()
                .addSource(
                        AutoOffsetReset.none(), "from-exposures", new EventTimestamps(), READ, READ, topics.exposures())
                .addSource(AutoOffsetReset.none(), "from-clicks", new EventTimestamps(), READ, READ, topics.clicks())
                .addSource(AutoOffsetReset.none(), "from-users", new EventTimestamps(), READ, READ, topics.users())
                .addProcessor(
                        ATTRIBUTE,
                        () -> new AttributeProcessor(topics, settings, wire),
                        "from-exposures",
                        "from-clicks",
                        "from-users")
                .addStateStore(WriteThroughStore.entries(ATTRIBUTION_STORE), ATTRIBUTE)
                .addStateStore(WriteThroughStore.<Attribution>builder(ATTRIBUTION_BOOKS_STORE), ATTRIBUTE)
                .addSink(TO_EXAMPLES, topics.trainingExamples(), WRITE, WRITE, ATTRIBUTE)
                .addSink(TO_USER_FEATURES, topics.userFeatures(), WRITE, WRITE, ATTRIBUTE)
                .addSink(TO_PROGRESS, topics.trainingProgress(), WRITE, WRITE, ATTRIBUTE)
                .addSink(TO_DEAD_LETTERS, topics.deadLetters(), WRITE, WRITE, ATTRIBUTE)
                .addSource(AutoOffsetReset.none(), "from-items", new EventTimestamps(), READ, READ, topics.items())
                .addProcessor(ITEMS, () -> new ItemsProcessor(topics, wire), "from-items")
                .addStateStore(WriteThroughStore.<Books>builder(ITEM_BOOKS_STORE), ITEMS)
                .addSink(ITEMS_TO_EXAMPLES, topics.trainingExamples(), WRITE, WRITE, ITEMS)
                .addSink(ITEMS_TO_PROGRESS, topics.trainingProgress(), WRITE, WRITE, ITEMS)
                .addSink(ITEMS_TO_DEAD_LETTERS, topics.deadLetters(), WRITE, WRITE, ITEMS);
    }

    /**
     * From training examples to item embeddings: one task.
     *
     * @param maxWait longest that an open batch waits to become full
     * @param terms of the generation that is published
     */
    public static Topology learn(
            TopicNames topics, TrainerSettings settings, Duration maxWait, AvroWire wire, GenerationTerms terms) {
        return learn(topics, () -> new Trainer(settings), maxWait, wire, terms, WriteThroughStore.Moment.BEFORE_COMMIT);
    }

    /** As {@link #learn}, with trainers and the moment of writing to choose: for tests that interrupt, or write too late. */
    static Topology learn(
            TopicNames topics,
            Supplier<Trainer> trainers,
            Duration maxWait,
            AvroWire wire,
            GenerationTerms terms,
            WriteThroughStore.Moment moment) {
        return learner(
                        LearnProcessor.Source.EXAMPLES,
                        topics.trainingExamples(),
                        topics,
                        trainers,
                        maxWait,
                        wire,
                        terms,
                        moment)
                .addSink(TO_BATCHES, topics.miniBatches(), WRITE, WRITE, LEARN);
    }

    /**
     * From the log of mini-batches to item embeddings: the same learner, without the batches being its own.
     *
     * @param isPublishing whether embeddings and model updates are written, beside those of other generations
     * @param terms of the generation that is published
     */
    public static Topology learnFromLog(
            TopicNames topics, TrainerSettings settings, boolean isPublishing, AvroWire wire, GenerationTerms terms) {
        return learner(
                isPublishing ? LearnProcessor.Source.LOG : LearnProcessor.Source.LOG_IN_SHADOW,
                topics.miniBatches(),
                topics,
                () -> new Trainer(settings),
                Duration.ofSeconds(1), // no batch ever waits here
                wire,
                terms,
                WriteThroughStore.Moment.BEFORE_COMMIT);
    }

    private static Topology learner(
            LearnProcessor.Source source,
            String from,
            TopicNames topics,
            Supplier<Trainer> trainers,
            Duration maxWait,
            AvroWire wire,
            GenerationTerms terms,
            WriteThroughStore.Moment moment) {
        String name = "from-" + (source == LearnProcessor.Source.EXAMPLES ? "training-examples" : "mini-batches");
        Topology topology = new Topology()
                .addSource(AutoOffsetReset.none(), name, new EventTimestamps(), READ, READ, from)
                .addProcessor(LEARN, () -> new LearnProcessor(source, topics, trainers, maxWait, wire, terms), name)
                .addStateStore(WriteThroughStore.<Trainer>builder(LEARNER_STORE, moment), LEARN)
                .addSink(TO_EMBEDDINGS, topics.itemEmbeddings(), WRITE, WRITE, new MarkPartitioner(), LEARN)
                .addSink(TO_GENERATIONS, topics.generations(), WRITE, WRITE, LEARN)
                .addSink(TO_UPDATES, topics.modelUpdates(), WRITE, WRITE, LEARN)
                .addSink(LEARN_TO_DEAD_LETTERS, topics.deadLetters(), WRITE, WRITE, LEARN)
                .addSink(TO_PROGRESS, topics.trainingProgress(), WRITE, WRITE, LEARN);
        topics.vectorStore().ifPresent(store -> topology.addSink(TO_VECTOR_STORE, store.topic(), WRITE, WRITE, LEARN));
        return topology;
    }
}
