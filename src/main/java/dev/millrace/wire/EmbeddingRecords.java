package dev.millrace.wire;

import dev.millrace.avro.ItemEmbeddingRecord;
import dev.millrace.event.RejectReason;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.Utf8;
import java.util.Optional;

/** The records of the topic item-embeddings: keyed by generation, NUL, item; without an item for the mark of a generation. */
public final class EmbeddingRecords {

    private static final char SEPARATOR = '\0'; // in no item's id, and in no generation's name

    private final AvroWire wire;

    public EmbeddingRecords(AvroWire wire) {
        this.wire = wire;
    }

    /**
     * The embedding; without a vector and a step for a tombstone.
     *
     * @throws UndecodableException if the key names no generation, or the value is none
     */
    public ItemEmbedding decode(TopicRecord record) {
        String generation = generation(record.key());
        return record.value()
                .map(value -> wire.decode(ItemEmbeddingRecord.class, value, OutputCodec::toCore))
                .orElseGet(() -> new ItemEmbedding(item(record.key()), Optional.empty(), generation, 0, 0, 0));
    }

    /** @throws UndecodableException if the key names no generation */
    static String generation(byte[] key) {
        String text = Utf8.text(key);
        int split = text.indexOf(SEPARATOR);
        if (split < 0) {
            throw new UndecodableException(RejectReason.UNDECODABLE, "the key names no generation");
        }
        return text.substring(0, split);
    }

    static String item(byte[] key) {
        String text = Utf8.text(key);
        return text.substring(text.indexOf(SEPARATOR) + 1);
    }

    /** @param vector [dim] of the embedding, which is present: a tombstone has no value */
    public byte[] encode(String topic, ItemEmbedding embedding, float[] vector, String logTopic) {
        return wire.encode(topic, OutputCodec.toAvro(embedding, vector, logTopic));
    }

    /** The mark that all items of a generation came before it. */
    public byte[] encodeMark(String topic, String generation, long step, String logTopic) {
        return wire.encode(topic, OutputCodec.mark(generation, step, logTopic));
    }

    public static byte[] key(String generation, String item) {
        return Utf8.bytes(generation + SEPARATOR + item);
    }

    public static byte[] markKey(String generation) {
        return key(generation, "");
    }

    /** Whether a key is that of a mark. */
    public static boolean isMark(byte[] key) {
        return key[key.length - 1] == SEPARATOR;
    }
}
