package dev.millrace.wire;

import dev.millrace.avro.MiniBatchRecord;
import dev.millrace.batch.MiniBatch;

/** Reads the records of the topic mini-batches. */
public final class BatchRecords {

    private final AvroWire wire;

    public BatchRecords(AvroWire wire) {
        this.wire = wire;
    }

    public MiniBatch decode(TopicRecord record) {
        byte[] value = record.value()
                .orElseThrow(
                        () -> new IllegalStateException("no mini-batch at " + record.place() + ", but a tombstone"));
        return BatchCodec.toCore(wire.decode(MiniBatchRecord.class, value));
    }
}
