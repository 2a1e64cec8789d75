package dev.millrace.stream;

import dev.millrace.avro.ItemEmbeddingRecord;
import dev.millrace.publish.ItemEmbedding;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Reads the records of the topic item-embeddings. */
public final class EmbeddingRecords {

    private final AvroWire wire;

    public EmbeddingRecords(AvroWire wire) {
        this.wire = wire;
    }

    /** The embedding; without a vector, generation and step for a tombstone. */
    public ItemEmbedding decode(TopicRecord record) {
        return record.value()
                .map(value -> OutputCodec.toCore(wire.decode(ItemEmbeddingRecord.class, value)))
                .orElseGet(() -> new ItemEmbedding(
                        new String(record.key(), StandardCharsets.UTF_8), Optional.empty(), "", 0, 0, 0));
    }
}
