package dev.millrace.bench;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.BatchSettings;
import dev.millrace.batch.Batcher;
import dev.millrace.batch.Catalogue;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.BatchRecords;
import java.util.List;
import java.util.Optional;

/** Writes a log of mini-batches in which each example has a user of its own, to give a learner as many rows as wanted. */
final class SyntheticLog implements AutoCloseable {

    private static final int ITEMS = 1_000;
    private static final long FIRST_TIME = 1_767_225_600_000L; // 2026-01-01

    private final TopicNames topics;
    private final BatchRecords records;
    private final EventProducer producer;
    private final Batcher batcher;
    private long users;
    private long step;

    public SyntheticLog(ClientSettings clients, TopicNames topics, AvroWire wire, BatchSettings settings) {
        this.topics = topics;
        this.records = new BatchRecords(wire);
        this.producer = new EventProducer(clients, topics, wire);
        this.batcher = new Batcher(settings, new Catalogue('C'), 'O', 'P');
    }

    /**
     * Appends batches with so many new users in all.
     *
     * @return the step of the last batch
     */
    public long append(long newUsers) {
        for (long last = users + newUsers; users < last; users++) {
            long time = FIRST_TIME + users;
            batcher.add(new TrainingExample(
                    "c" + users,
                    new UserFeatures("user-" + users, time, Features.NONE, List.of()),
                    Features.NONE,
                    "i" + users % ITEMS,
                    "click",
                    1,
                    time,
                    0));
            if (batcher.isFull()) {
                write(batcher.close());
            }
        }
        if (!batcher.isEmpty()) {
            write(batcher.close());
        }
        producer.flush();
        return step;
    }

    @Override
    public void close() {
        producer.close();
    }

    private void write(MiniBatch batch) {
        step = batch.step();
        producer.sendBytes(
                topics.miniBatches(),
                BatchRecords.key(step),
                Optional.of(records.encode(topics.miniBatches(), batch)),
                FIRST_TIME);
    }
}
