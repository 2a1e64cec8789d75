package dev.millrace.topic;

import dev.millrace.generation.GenerationHistory;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.GenerationRecords;
import java.time.Duration;

/** The topic generations as one history. */
public final class GenerationLog {

    private final ClientSettings clients;
    private final TopicNames topics;
    private final GenerationRecords records;
    private final Duration patience;

    /** @param patience how long the cluster may take for the next record */
    public GenerationLog(ClientSettings clients, TopicNames topics, AvroWire wire, Duration patience) {
        this.clients = clients;
        this.topics = topics;
        this.records = new GenerationRecords(wire);
        this.patience = patience;
    }

    /** All facts that are committed now. */
    public GenerationHistory read() {
        GenerationHistory history = new GenerationHistory();
        try (TopicReader reader = new TopicReader(clients, patience)) {
            reader.readAll(
                    topics.generations(), record -> records.decode(record).ifPresent(history::take));
        }
        return history;
    }
}
