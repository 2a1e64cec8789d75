package dev.millrace.wire;

import dev.millrace.avro.ProgressRecord;
import java.util.Optional;

/** The records of the topic training-progress, keyed by part. Safe for threads. */
public final class ProgressRecords {

    private final AvroWire wire;

    public ProgressRecords(AvroWire wire) {
        this.wire = wire;
    }

    public byte[] encode(String topic, PartProgress progress) {
        return wire.encode(topic, OutputCodec.toAvro(progress));
    }

    /** The progress; absent for a tombstone. */
    public Optional<PartProgress> decode(TopicRecord record) {
        return record.value().map(value -> wire.decode(ProgressRecord.class, value, OutputCodec::toCore));
    }
}
