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
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;

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
            batch -> Utf8.bytes(Long.toString(batch.step())),
            (wire, name, batch) -> Optional.of(
                    wire.encode(name, MiniBatchRecord.getClassSchema(), fields -> BatchCodec.write(fields, batch))),
            decoding(MiniBatchRecord.class, (key, record) -> record.map(BatchCodec::toCore)));

    /** Keyed by user. */
    public static final Topic<UserFeatures> USER_FEATURES = new Topic<>(
            user -> Utf8.bytes(user.user()),
            (wire, name, user) -> Optional.of(wire.encode(
                    name, UserFeaturesRecord.getClassSchema(), fields -> TrainingRecords.write(fields, user))),
            decoding(
                    UserFeaturesRecord.class,
                    (key, record) -> record.map(TrainingRecords::toCore),
                    (key, from) -> TrainingRecords.user(from)));

    /** Keyed by partition. */
    public static final Topic<AttributionCommit> ATTRIBUTION_COMMITS = new Topic<>(
            AttributionCommitRecord.class,
            commit -> Utf8.bytes(Integer.toString(commit.partition())),
            commit -> Optional.of(CommitCodec.toAvro(commit)),
            (key, record) -> record.map(CommitCodec::toCore));

    /** Keyed by part. */
    public static final Topic<PartProgress> TRAINING_PROGRESS = new Topic<>(
            ProgressRecord.class,
            part -> Utf8.bytes(part.part()),
            part -> Optional.of(OutputCodec.toAvro(part)),
            (key, record) -> record.map(OutputCodec::toCore));

    /** Keyed by server, arm and window. */
    public static final Topic<ServingProgress> SERVING_PROGRESS = new Topic<>(
            ServingRecord.class,
            told -> Utf8.bytes(told.key()),
            told -> Optional.of(OutputCodec.toAvro(told)),
            (key, record) -> record.map(OutputCodec::toCore));

    /**
     * Keyed by generation and kind of fact. A kind that only another version knows is left out. Of an experiment no order takes the place of another in
     * the topic, so that the first one of a step stays the first.
     */
    public static final Topic<GenerationFact> GENERATIONS = new Topic<>(
            GenerationRecord.class,
            fact -> itemKey(
                    fact.generation(),
                    fact.kind() == GenerationFact.Kind.EXPERIMENT
                            ? fact.kind().name() + '\0' + Sha256.hex(fact.at() + fact.by() + fact.settings())
                            : fact.kind().name()),
            fact -> Optional.of(OutputCodec.toAvro(fact)),
            (key, record) -> record.flatMap(OutputCodec::toCore));

    /** Keyed by target. An action that only another version knows is left out. */
    public static final Topic<OperatorAction> OPERATOR_ACTIONS = new Topic<>(
            OperatorActionRecord.class,
            action -> Utf8.bytes(action.target()),
            action -> Optional.of(OutputCodec.toAvro(action)),
            (key, record) -> record.flatMap(OutputCodec::toCore));

    /** Keyed by the user's digest. An answer with something that only another version knows is none. */
    public static final Topic<LoggedAnswer> ANSWERS = new Topic<>(
            AnswerRecord.class,
            answer -> Utf8.bytes(answer.asker().user()),
            answer -> Optional.of(AnswerCodec.toAvro(answer)),
            (key, record) -> record.map(AnswerCodec::toCore));

    /** Keyed by generation and item, by the generation alone for its mark. To read; {@link #itemEmbeddings} is to write. */
    public static final Topic<ItemEmbedding> ITEM_EMBEDDINGS = itemEmbeddings("");

    /** Keyed by generation and key of the entry. */
    public static final Topic<ModelUpdate> MODEL_UPDATES = new Topic<>(
            ModelUpdateRecord.class,
            update -> key(update.generation(), update.key()),
            update -> update.entry()
                    .map(entry -> new ModelUpdateRecord(update.generation(), update.step(), ByteBuffer.wrap(entry))),
            (key, record) -> Optional.of(new ModelUpdate(
                    generation(key),
                    record.map(ModelUpdateRecord::getStep).orElse(0L),
                    behindGeneration(key),
                    record.map(update -> bytes(update.getEntry())))));

    /** Keyed by generation and item. */
    public static final Topic<ItemNeighbours> ITEM_NEIGHBOURS = new Topic<>(
            ItemNeighboursRecord.class,
            neighbours -> itemKey(neighbours.generation(), neighbours.item()),
            neighbours -> neighbours.list().map(list -> OutputCodec.toAvro(neighbours, list)),
            (key, record) -> Optional.of(new ItemNeighbours(
                    generation(key),
                    record.map(ItemNeighboursRecord::getStep).orElse(0L),
                    Utf8.text(behindGeneration(key)),
                    record.map(OutputCodec::toCore))));

    /** @param logTopic name of the topic of mini-batches, by whose steps the embeddings go */
    public static Topic<ItemEmbedding> itemEmbeddings(String logTopic) {
        return new Topic<>(
                embedding -> itemKey(embedding.generation(), embedding.item()),
                (wire, name, embedding) -> embedding
                        .vector()
                        .map(vector -> wire.encode(
                                name,
                                ItemEmbeddingRecord.getClassSchema(),
                                fields -> OutputCodec.write(fields, embedding, vector, logTopic))),
                decoding(
                        ItemEmbeddingRecord.class,
                        (key, record) ->
                                Optional.of(itemEmbedding(generation(key), Utf8.text(behindGeneration(key)), record)),
                        (key, from) -> {
                            int unused = split(key); // or the record is none of the topic
                            return OutputCodec.embedding(from);
                        }));
    }

    /**
     * The neighbours of an item.
     *
     * @param step the learning step after which it had them; 0 for a deletion
     * @param list absent if the item has none any more
     */
    public record ItemNeighbours(String generation, long step, String item, Optional<NeighbourList> list) {}

    /** The short way to what a record holds, for a value that was written with today's schema. */
    private interface Reading<T> {
        T read(byte[] key, RecordDecoder from) throws IOException;
    }

    private final Function<T, byte[]> key;
    private final Encoding<T> encoding;
    private final Decoding<T> decoding;

    /** Makes the bytes of what a record of the topic of a name holds. */
    private interface Encoding<T> {
        Optional<byte[]> encode(AvroWire wire, String name, T value);
    }

    /** Makes what a record holds of its key and bytes. */
    private interface Decoding<T> {
        Optional<T> decode(AvroWire wire, byte[] key, Optional<byte[]> value);
    }

    /**
     * @param toAvro absent to remove what has the key
     * @param toCore absent for a removal that tells nothing
     */
    private <A extends SpecificRecord> Topic(
            Class<A> type,
            Function<T, byte[]> key,
            Function<T, Optional<A>> toAvro,
            BiFunction<byte[], Optional<A>, Optional<T>> toCore) {
        this(
                key,
                (wire, name, value) -> toAvro.apply(value).map(record -> wire.encode(name, record)),
                decoding(type, toCore));
    }

    private Topic(Function<T, byte[]> key, Encoding<T> encoding, Decoding<T> decoding) {
        this.key = key;
        this.encoding = encoding;
        this.decoding = decoding;
    }

    private static <T, A extends SpecificRecord> Decoding<T> decoding(
            Class<A> type, BiFunction<byte[], Optional<A>, Optional<T>> toCore) {
        return (wire, of, value) -> value.isPresent()
                ? wire.decode(type, value.get(), record -> toCore.apply(of, Optional.of(record)))
                : toCore.apply(of, Optional.empty());
    }

    private static <T, A extends SpecificRecord> Decoding<T> decoding(
            Class<A> type, BiFunction<byte[], Optional<A>, Optional<T>> toCore, Reading<T> ours) {
        return (wire, of, value) -> value.isPresent()
                ? wire.decode(
                        type,
                        value.get(),
                        record -> toCore.apply(of, Optional.of(record)),
                        from -> Optional.of(ours.read(of, from)))
                : toCore.apply(of, Optional.empty());
    }

    public byte[] key(T value) {
        return key.apply(value);
    }

    Optional<byte[]> encode(AvroWire wire, String name, T value) {
        return encoding.encode(wire, name, value);
    }

    Optional<T> decode(AvroWire wire, byte[] of, Optional<byte[]> value) {
        return decoding.decode(wire, of, value);
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

    private static ItemEmbedding itemEmbedding(String generation, String item, Optional<ItemEmbeddingRecord> record) {
        return record.map(OutputCodec::toCore)
                .orElseGet(() -> new ItemEmbedding(item, Optional.empty(), generation, 0, 0, 0));
    }

    static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }
}
