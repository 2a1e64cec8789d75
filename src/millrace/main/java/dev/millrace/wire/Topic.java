package dev.millrace.wire;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.avro.AnswerRecord;
import dev.millrace.avro.AttributionCommitRecord;
import dev.millrace.avro.GenerationRecord;
import dev.millrace.avro.ItemEmbeddingRecord;
import dev.millrace.avro.ItemNeighboursRecord;
import dev.millrace.avro.MiniBatchRecord;
import dev.millrace.avro.ModelUpdateRecord;
import dev.millrace.avro.OperatorActionRecord;
import dev.millrace.avro.ProgressRecord;
import dev.millrace.avro.ServingRecord;
import dev.millrace.avro.UserFeaturesRecord;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.RejectReason;
import dev.millrace.feature.UserFeatures;
import dev.millrace.generation.GenerationFact;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.operation.OperatorAction;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.recall.LoggedAnswer;
import dev.millrace.state.Sha256;
import dev.millrace.state.Utf8;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.avro.Schema;

/**
 * A topic of Millrace's own: what keys and values of its records mean. {@link AvroWire} writes and reads them.
 *
 * <p>What belongs to a generation has its name and a NUL first in the key; no generation's name and no id has a NUL.
 *
 * @param <T> what a record holds
 */
public final class Topic<T> {

    /** Keyed by step. */
    public static final Topic<MiniBatch> MINI_BATCHES = new Topic<>(
            MiniBatchRecord.getClassSchema(),
            batch -> Utf8.bytes(Long.toString(batch.step())),
            BatchCodec::write,
            BatchCodec::read);

    /** Keyed by user. */
    public static final Topic<UserFeatures> USER_FEATURES = new Topic<>(
            UserFeaturesRecord.getClassSchema(),
            user -> Utf8.bytes(user.user()),
            TrainingRecords::write,
            TrainingRecords::user);

    /** Keyed by partition. */
    public static final Topic<AttributionCommit> ATTRIBUTION_COMMITS = new Topic<>(
            AttributionCommitRecord.getClassSchema(),
            commit -> Utf8.bytes(Integer.toString(commit.partition())),
            CommitCodec::write,
            CommitCodec::read);

    /** Keyed by part. */
    public static final Topic<PartProgress> TRAINING_PROGRESS =
            of(ProgressRecord.getClassSchema(), part -> Utf8.bytes(part.part()), ProgressCodec::part);

    /** Keyed by server, arm and window. */
    public static final Topic<ServingProgress> SERVING_PROGRESS =
            of(ServingRecord.getClassSchema(), told -> Utf8.bytes(told.key()), ProgressCodec::serving);

    /**
     * Keyed by generation and kind of fact. A kind that only another version knows is left out. Of an experiment no order takes the place of another in
     * the topic, so that the first one of a step stays the first.
     */
    public static final Topic<GenerationFact> GENERATIONS = ifKnown(
            GenerationRecord.getClassSchema(),
            fact -> itemKey(
                    fact.generation(),
                    fact.kind() == GenerationFact.Kind.EXPERIMENT
                            ? fact.kind().name() + '\0' + Sha256.hex(fact.at() + fact.by() + fact.settings())
                            : fact.kind().name()),
            OutputCodec::fact);

    /** Keyed by target. An action that only another version knows is left out. */
    public static final Topic<OperatorAction> OPERATOR_ACTIONS =
            ifKnown(OperatorActionRecord.getClassSchema(), action -> Utf8.bytes(action.target()), OutputCodec::action);

    /** Keyed by the user's digest. An answer with something that only another version knows is none. */
    public static final Topic<LoggedAnswer> ANSWERS = of(
            AnswerRecord.getClassSchema(), answer -> Utf8.bytes(answer.asker().user()), AnswerCodec::answer);

    /** Keyed by generation and item, by the generation alone for its mark. To read; {@link #itemEmbeddings} is to write. */
    public static final Topic<ItemEmbedding> ITEM_EMBEDDINGS = itemEmbeddings("");

    /** Keyed by generation and key of the entry. */
    public static final Topic<ModelUpdate> MODEL_UPDATES = new Topic<>(
            ModelUpdateRecord.getClassSchema(),
            update -> key(update.generation(), update.key()),
            update -> update.entry()
                    .map(entry -> fields -> fields.text(update.generation())
                            .longInteger(update.step())
                            .bytes(entry)),
            (key, from) -> {
                from.skipString(); // the generation, which is also in the key
                return Optional.of(new ModelUpdate(
                        generation(key), from.readLong(), behindGeneration(key), Optional.of(from.readBytes())));
            },
            key -> Optional.of(new ModelUpdate(generation(key), 0, behindGeneration(key), Optional.empty())));

    /** Keyed by generation and item. */
    public static final Topic<ItemNeighbours> ITEM_NEIGHBOURS = new Topic<>(
            ItemNeighboursRecord.getClassSchema(),
            neighbours -> itemKey(neighbours.generation(), neighbours.item()),
            neighbours -> neighbours.list().map(list -> fields -> OutputCodec.write(fields, neighbours, list)),
            (key, from) -> Optional.of(OutputCodec.neighbours(generation(key), Utf8.text(behindGeneration(key)), from)),
            key -> Optional.of(
                    new ItemNeighbours(generation(key), 0, Utf8.text(behindGeneration(key)), Optional.empty())));

    /** @param logTopic name of the log whose steps the embeddings name */
    public static Topic<ItemEmbedding> itemEmbeddings(String logTopic) {
        return new Topic<>(
                ItemEmbeddingRecord.getClassSchema(),
                embedding -> itemKey(embedding.generation(), embedding.item()),
                embedding -> embedding
                        .vector()
                        .map(vector -> fields -> OutputCodec.write(fields, embedding, vector, logTopic)),
                (key, from) -> {
                    int unused = split(key); // or the record is none of the topic
                    return Optional.of(OutputCodec.embedding(from));
                },
                key -> Optional.of(new ItemEmbedding(
                        Utf8.text(behindGeneration(key)), Optional.empty(), generation(key), 0, 0, 0)));
    }

    /**
     * The neighbours of an item.
     *
     * @param step the learning step after which it had them; 0 for a deletion
     * @param list absent if the item has none any more
     */
    public record ItemNeighbours(String generation, long step, String item, Optional<NeighbourList> list) {}

    /** Reads what a value of today's schema holds. */
    private interface Reading<T> {
        Optional<T> read(byte[] key, RecordDecoder from) throws IOException;
    }

    private final Schema schema;
    private final Function<T, byte[]> key;
    private final Function<T, Optional<Consumer<RecordEncoder>>> writing;
    private final Reading<T> reading;
    private final Function<byte[], Optional<T>> removal;

    /**
     * @param writing absent to remove what has the key
     * @param removal what a record without a value says of its key; absent for nothing
     */
    private Topic(
            Schema schema,
            Function<T, byte[]> key,
            Function<T, Optional<Consumer<RecordEncoder>>> writing,
            Reading<T> reading,
            Function<byte[], Optional<T>> removal) {
        this.schema = schema;
        this.key = key;
        this.writing = writing;
        this.reading = reading;
        this.removal = removal;
    }

    private Topic(
            Schema schema, Function<T, byte[]> key, BiConsumer<RecordEncoder, T> writing, AvroWire.Fields<T> reading) {
        this(
                schema,
                key,
                value -> Optional.of(fields -> writing.accept(fields, value)),
                (of, from) -> Optional.of(reading.read(from)),
                of -> Optional.empty());
    }

    private static <T> Topic<T> of(Schema schema, Function<T, byte[]> key, Function<RecordForm<T>, T> fields) {
        return new Topic<>(
                schema, key, (to, value) -> RecordForm.write(to, value, fields), from -> RecordForm.read(from, fields));
    }

    /** Of values with a part that only another version may know. */
    private static <T> Topic<T> ifKnown(
            Schema schema, Function<T, byte[]> key, Function<RecordForm<T>, Optional<T>> fields) {
        return new Topic<>(
                schema,
                key,
                value -> Optional.of(to -> RecordForm.write(to, value, fields)),
                (of, from) -> RecordForm.read(from, fields),
                of -> Optional.empty());
    }

    public byte[] key(T value) {
        return key.apply(value);
    }

    Optional<byte[]> encode(AvroWire wire, String name, T value) {
        return writing.apply(value).map(fields -> wire.encode(name, schema, fields));
    }

    Optional<T> decode(AvroWire wire, byte[] of, Optional<byte[]> value) {
        return value.isPresent() ? wire.decode(schema, value.get(), from -> reading.read(of, from)) : removal.apply(of);
    }

    /** The key of an item's records in a generation. */
    public static byte[] itemKey(String generation, String item) {
        return Utf8.bytes(generation + '\0' + item);
    }

    /** Whether a key of item-embeddings is that of a mark. */
    public static boolean isMark(byte[] key) {
        return key[key.length - 1] == 0;
    }

    private static byte[] key(String generation, byte[] rest) {
        byte[] name = Utf8.bytes(generation);
        return ByteBuffer.allocate(name.length + 1 + rest.length)
                .put(name)
                .put((byte) 0)
                .put(rest)
                .array();
    }

    private static String generation(byte[] key) {
        return Utf8.text(key, 0, split(key));
    }

    private static byte[] behindGeneration(byte[] key) {
        return Arrays.copyOfRange(key, split(key) + 1, key.length);
    }

    /** Where the NUL is behind the generation. */
    private static int split(byte[] key) {
        for (int at = 0; at < key.length; at++) {
            if (key[at] == 0) {
                return at;
            }
        }
        throw new UndecodableException(RejectReason.UNDECODABLE, "the key names no generation");
    }
}
