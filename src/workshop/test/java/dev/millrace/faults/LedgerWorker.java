package dev.millrace.faults;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;

/**
 * Commits and aborts one transaction after the other, each a record in two partitions, and keeps what it was told. After an error it goes on with a new
 * producer of the same id, as Kafka Streams does.
 */
final class LedgerWorker implements Runnable {

    private static final int ABORT_EACH = 3;

    private final OrphanScene scene;
    private final int number;
    private final int partitions;
    private final Set<String> committed = new ConcurrentSkipListSet<>();
    private final Set<String> aborted = new ConcurrentSkipListSet<>();
    private volatile boolean isStopping;
    private final AtomicInteger transactions = new AtomicInteger();

    LedgerWorker(OrphanScene scene, int number, int partitions) {
        this.scene = scene;
        this.number = number;
        this.partitions = partitions;
    }

    /** Values whose commit returned. */
    Set<String> committed() {
        return committed;
    }

    /** Values that were aborted, or that no commit was asked for. A value in neither set may have been committed or not. */
    Set<String> aborted() {
        return aborted;
    }

    int transactions() {
        return transactions.get();
    }

    void stop() {
        isStopping = true;
    }

    @Override
    public void run() {
        while (!isStopping) {
            Producer<String, String> producer = scene.producer("worker-" + number);
            try {
                producer.initTransactions();
                while (!isStopping) {
                    transact(producer, number + "-" + transactions.getAndIncrement());
                }
            } catch (KafkaException failed) {
                // what the value is counted as was decided before
            } finally {
                producer.close(Duration.ZERO);
            }
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the transaction fails with it
    private void transact(Producer<String, String> producer, String value) {
        aborted.add(value);
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(OrphanScene.TOPIC, number, "key", value));
        producer.send(new ProducerRecord<>(OrphanScene.TOPIC, (number + 1) % partitions, "key", value));
        if (transactions.get() % ABORT_EACH == 0) {
            producer.flush();
            producer.abortTransaction();
            return;
        }
        aborted.remove(value);
        producer.commitTransaction();
        committed.add(value);
    }
}
