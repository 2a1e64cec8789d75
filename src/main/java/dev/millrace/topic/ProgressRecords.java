package dev.millrace.topic;

import dev.millrace.avro.ProgressRecord;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.OutputCodec;
import dev.millrace.wire.PartProgress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
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

    /**
     * What each part said last, by part, in the order in which they last did.
     *
     * @param patience how long the cluster may take for the next record
     */
    public Map<String, PartProgress> latest(ClientSettings clients, TopicNames topics, Duration patience) {
        Map<String, PartProgress> latest = new LinkedHashMap<>();
        try (TopicReader reader = new TopicReader(clients, patience)) {
            for (TopicReader.Extent extent : reader.extents(topics.trainingProgress())) {
                reader.read(extent, extent.first(), record -> {
                    decode(record).ifPresent(progress -> {
                        latest.remove(progress.part());
                        latest.put(progress.part(), progress);
                    });
                    return true;
                });
            }
        }
        return latest;
    }
}
