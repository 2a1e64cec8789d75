package dev.millrace.wire;

import dev.millrace.avro.ProgressRecord;
import java.util.Optional;

/** Reads the records of the topic training-progress. */
public final class ProgressRecords {

    private final AvroWire wire;

    public ProgressRecords(AvroWire wire) {
        this.wire = wire;
    }

    /** The progress; absent for a tombstone. */
    public Optional<PartProgress> decode(TopicRecord record) {
        return record.value().map(value -> OutputCodec.toCore(wire.decode(ProgressRecord.class, value)));
    }
}
