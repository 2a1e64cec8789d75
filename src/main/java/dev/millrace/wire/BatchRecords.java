package dev.millrace.wire;

import dev.millrace.avro.MiniBatchRecord;
import dev.millrace.batch.MiniBatch;
import dev.millrace.state.Utf8;

/** The records of the topic mini-batches, keyed by step. Safe for threads. */
public final class BatchRecords {

    private final AvroWire wire;

    public BatchRecords(AvroWire wire) {
        this.wire = wire;
    }

    public static byte[] key(long step) {
        return Utf8.bytes(Long.toString(step));
    }

    public byte[] encode(String topic, MiniBatch batch) {
        return wire.encode(topic, BatchCodec.toAvro(batch));
    }

    /** @throws UndecodableException if the bytes are no mini-batch */
    public MiniBatch decode(byte[] value) {
        return wire.decode(MiniBatchRecord.class, value, BatchCodec::toCore);
    }

    /**
     * The mini-batch of a record.
     *
     * @throws IllegalStateException if the record is a tombstone
     */
    public MiniBatch decode(TopicRecord record) {
        return decode(record.value()
                .orElseThrow(
                        () -> new IllegalStateException("no mini-batch at " + record.place() + ", but a tombstone")));
    }
}
