package dev.millrace.topic;

import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.ProgressRecords;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** The topic training-progress as the latest progress of each part. */
public final class ProgressLog {

    private final ClientSettings clients;
    private final TopicNames topics;
    private final ProgressRecords records;
    private final Duration patience;

    /** @param patience how long the cluster may take for the next record */
    public ProgressLog(ClientSettings clients, TopicNames topics, AvroWire wire, Duration patience) {
        this.clients = clients;
        this.topics = topics;
        this.records = new ProgressRecords(wire);
        this.patience = patience;
    }

    /** The latest progress by part; the part that was written last comes last. */
    public Map<String, PartProgress> latest() {
        Map<String, PartProgress> latest = new LinkedHashMap<>();
        try (TopicReader reader = new TopicReader(clients, patience)) {
            reader.readAll(
                    topics.trainingProgress(), record -> records.decode(record).ifPresent(progress -> {
                        latest.remove(progress.part());
                        latest.put(progress.part(), progress);
                    }));
        }
        return latest;
    }
}
