package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.topic.transaction.Fate;
import dev.millrace.topic.transaction.JudgedTransaction;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Brokers that lose the ends of transactions (KAFKA-20734), and producers that settle them. */
@Tag("fault")
@Tag("slow")
class OrphanIT {

    private static final int IDS = 8;
    private static final TopicPartition OTHER = new TopicPartition(OrphanScene.TOPIC, IDS);

    private final Path directory;

    OrphanIT(@TempDir Path directory) {
        this.directory = directory;
    }

    /** Even ids commit and odd ones abort while the log has no leader; then each does the opposite. */
    @Test
    void decisionsStayWhenTheSameProducersBeginAgain() throws Exception {
        try (OrphanScene scene = new OrphanScene(directory, IDS + 1)) {
            List<Producer<String, String>> first = new ArrayList<>();
            Map<Integer, List<String>> expected = new HashMap<>();
            for (int id = 0; id < IDS; id++) {
                Producer<String, String> producer = scene.plainProducer("tid-" + id);
                producer.initTransactions();
                send(producer, id, "base-" + id);
                producer.commitTransaction();
                send(producer, id, "decided-" + id);
                offsets(producer, scene.group(), Map.of(new TopicPartition(OrphanScene.TOPIC, id), 100L + id));
                producer.flush();
                first.add(producer);
                expected.put(id, new ArrayList<>(List.of("base-" + id)));
            }
            scene.killData();
            for (int id = 0; id < IDS; id++) {
                if (isCommitted(id)) {
                    first.get(id).commitTransaction();
                    expected.getOrDefault(id, List.of()).add("decided-" + id);
                } else {
                    first.get(id).abortTransaction();
                }
                first.get(id).close(Duration.ZERO);
            }
            scene.startDataAgain();
            List<JudgedTransaction> orphans = scene.orphans();
            System.out.println(orphans.size() + " of " + 2 * IDS + " ends lost");
            assertThat(orphans).as("ends that the brokers lost").hasSize(BrokerRelease.losesEnds() ? 2 * IDS : 0);

            for (int id = 0; id < IDS; id++) {
                Producer<String, String> next = scene.producer("tid-" + id);
                try {
                    next.initTransactions();
                    send(next, id, "next-" + id);
                    offsets(next, scene.group(), Map.of(OTHER, 5L));
                    if (isCommitted(id)) {
                        next.flush();
                        next.abortTransaction();
                    } else {
                        next.commitTransaction();
                        expected.getOrDefault(id, List.of()).add("next-" + id);
                    }
                } finally {
                    next.close(Duration.ZERO);
                }
            }

            expected.put(IDS, List.of());
            assertThat(scene.committed()).isEqualTo(expected);
            Map<TopicPartition, Long> offsets = new HashMap<>(Map.of(OTHER, 5L));
            IntStream.range(0, IDS)
                    .filter(OrphanIT::isCommitted)
                    .forEach(id -> offsets.put(new TopicPartition(OrphanScene.TOPIC, id), 100L + id));
            assertThat(scene.offsets()).isEqualTo(offsets);
            assertThat(orphans)
                    .allSatisfy(one -> assertThat(one.fate()).as(one.text()).isIn(Fate.ABORTED, Fate.COMMITTED));
            assertThat(scene.orphans()).isEmpty();
        }
    }

    /** The producers go on across kills, so that a transaction could begin on top of one whose end was lost. */
    @Test
    @Tag("long")
    void producersKeepTheirWordWhileLogsAreKilled() throws Exception {
        int partitions = 12;
        int kills = Integer.getInteger("faults.kills", 5);
        Random random = new Random(Experiment.SEED);
        try (OrphanScene scene = new OrphanScene(directory, partitions)) {
            List<LedgerWorker> workers = IntStream.range(0, partitions)
                    .mapToObj(number -> new LedgerWorker(scene, number, partitions))
                    .toList();
            List<Thread> threads = workers.stream().map(Thread::new).toList();
            threads.forEach(Thread::start);
            for (int kill = 0; kill < kills; kill++) {
                TimeUnit.MILLISECONDS.sleep(2_000 + random.nextInt(3_000));
                scene.killData();
                TimeUnit.MILLISECONDS.sleep(random.nextInt(2_000));
                scene.startDataAgain();
            }
            TimeUnit.SECONDS.sleep(5);
            workers.forEach(LedgerWorker::stop);
            for (Thread thread : threads) {
                thread.join();
            }
            // the last transactions of all
            for (int number = 0; number < partitions; number++) {
                Producer<String, String> last = scene.producer("worker-" + number);
                last.initTransactions();
                last.close();
            }

            Map<String, Integer> seen = new HashMap<>();
            scene.committed().values().forEach(values -> values.forEach(value -> seen.merge(value, 1, Integer::sum)));
            System.out.println(
                    workers.stream().mapToInt(LedgerWorker::transactions).sum() + " transactions, "
                            + workers.stream()
                                    .mapToInt(worker -> worker.committed().size())
                                    .sum() + " told to be committed, "
                            + seen.size() + " seen");
            assertThat(seen.values()).as("both records of a transaction, once").containsOnly(2);
            for (LedgerWorker worker : workers) {
                assertThat(seen.keySet()).containsAll(worker.committed()).doesNotContainAnyElementsOf(worker.aborted());
            }
        }
    }

    private static boolean isCommitted(int id) {
        return id % 2 == 0;
    }

    private static void offsets(
            Producer<String, String> producer, ConsumerGroupMetadata group, Map<TopicPartition, Long> offsets) {
        Map<TopicPartition, OffsetAndMetadata> sent = new HashMap<>();
        offsets.forEach((partition, offset) -> sent.put(partition, new OffsetAndMetadata(offset)));
        producer.sendOffsetsToTransaction(sent, group);
    }

    /** Begins a transaction. */
    @SuppressWarnings("FutureReturnValueIgnored") // the transaction fails with it
    private static void send(Producer<String, String> producer, int partition, String value) {
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(OrphanScene.TOPIC, partition, "key", value));
    }

    /**
     * Commits and aborts one transaction after the other, each a record in two partitions, and keeps what it was told. After an error it goes on with a new
     * producer of the same id, as Kafka Streams does.
     */
    private static final class LedgerWorker implements Runnable {

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
}
