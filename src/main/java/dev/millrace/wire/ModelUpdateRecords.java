package dev.millrace.wire;

import dev.millrace.avro.ModelUpdateRecord;
import dev.millrace.event.RejectReason;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.state.Utf8;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** The records of the topic model-updates: keyed by generation, NUL, key of the entry. Safe for threads. */
public final class ModelUpdateRecords {

    private final AvroWire wire;

    public ModelUpdateRecords(AvroWire wire) {
        this.wire = wire;
    }

    /** @throws UndecodableException if the key names no generation, or the value is none */
    public ModelUpdate decode(TopicRecord record) {
        byte[] recordKey = record.key();
        int split = 0;
        while (split < recordKey.length && recordKey[split] != 0) {
            split++;
        }
        if (split == recordKey.length) {
            throw new UndecodableException(RejectReason.UNDECODABLE, "the key names no generation");
        }
        String generation = Utf8.text(recordKey, 0, split);
        byte[] key = Arrays.copyOfRange(recordKey, split + 1, recordKey.length);
        if (record.value().isEmpty()) {
            return new ModelUpdate(generation, 0, key, Optional.empty());
        }
        ModelUpdateRecord update =
                wire.decode(ModelUpdateRecord.class, record.value().get());
        byte[] entry = new byte[update.getEntry().remaining()];
        update.getEntry().duplicate().get(entry);
        return new ModelUpdate(generation, update.getStep(), key, Optional.of(entry));
    }

    /** @param entry of the update, which is present: a deletion has no value */
    public byte[] encode(String topic, ModelUpdate update, byte[] entry) {
        return wire.encode(topic, new ModelUpdateRecord(update.generation(), update.step(), ByteBuffer.wrap(entry)));
    }

    public static byte[] key(String generation, byte[] key) {
        byte[] name = Utf8.bytes(generation);
        return ByteBuffer.allocate(name.length + 1 + key.length)
                .put(name)
                .put((byte) 0)
                .put(key)
                .array();
    }
}
