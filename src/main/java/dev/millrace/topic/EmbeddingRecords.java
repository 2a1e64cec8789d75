package dev.millrace.topic;

import dev.millrace.avro.ItemEmbeddingRecord;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.Utf8;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.OutputCodec;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.streams.processor.StreamPartitioner;

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
     * @throws IllegalStateException if the key names no generation
     */
    public ItemEmbedding decode(TopicRecord record) {
        String key = Utf8.text(record.key());
        int split = key.indexOf(SEPARATOR);
        if (split < 0) {
            throw new IllegalStateException("the key at " + record.place() + " names no generation");
        }
        return record.value()
                .map(value -> OutputCodec.toCore(wire.decode(ItemEmbeddingRecord.class, value)))
                .orElseGet(() -> new ItemEmbedding(
                        key.substring(split + 1), Optional.empty(), key.substring(0, split), 0, 0, 0));
    }

    public static byte[] key(String generation, String item) {
        return Utf8.bytes(generation + SEPARATOR + item);
    }

    public static byte[] markKey(String generation) {
        return key(generation, "");
    }

    /** Sends a mark to every partition, and all else where Kafka itself would by the key. */
    public static final class ToPartitions implements StreamPartitioner<byte[], byte[]> {

        @Override
        @SuppressWarnings("removal") // the form with headers is not in Kafka 4.3
        public Optional<Set<Integer>> partitions(String topic, byte[] key, byte[] value, int count) {
            return key[key.length - 1] == SEPARATOR
                    ? Optional.of(IntStream.range(0, count).boxed().collect(Collectors.toSet()))
                    : Optional.empty();
        }
    }
}
