package dev.millrace.faults;

import static org.awaitility.Awaitility.await;

import dev.millrace.state.Utf8;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.transaction.JudgedTransaction;
import dev.millrace.topic.transaction.SettledProducer;
import dev.millrace.topic.transaction.Transactions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Two brokers: one coordinates the transactions, the other has the topic and the offsets and can be killed. While it is away, its partitions
 * have no leader, and the end of each transaction is lost on a broker with the fault: each time, with no race.
 *
 * <p>With {@code -Dfaults.unsettled=true} the producers are Kafka's own: the negative control, which must fail on a broker with the fault.
 */
final class OrphanScene implements AutoCloseable {

    static final String TOPIC = "ledger";
    static final String GROUP = "ledger-readers";

    private static final boolean IS_SETTLED = !Boolean.getBoolean("faults.unsettled");
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int PLAIN_TIMEOUT_MILLIS = 20_000;

    private static final int DATA = 2;

    private final BrokerProcess coordinator;
    private final BrokerProcess data;
    private final ClientSettings clients;
    private final Transactions transactions;

    /**
     * @param partitions of the topic
     */
    OrphanScene(Path directory, int partitions) throws Exception {
        Path one = Files.createDirectories(directory.resolve("coordinator"));
        Path two = Files.createDirectories(directory.resolve("data"));
        coordinator = new BrokerProcess(one, 0, List.of("transaction.state.log.num.partitions=1"));
        clients = ClientSettings.of(coordinator.address());
        transactions = new Transactions(clients, PATIENCE);
        try (Producer<String, String> first = plainProducer("first")) {
            first.initTransactions(); // makes __transaction_state, where one broker alone is
        }
        data = coordinator.join(two, DATA, List.of());
        data.address();
        try (Admin admin = Admin.create(clients.asMap())) {
            admin.createTopics(List.of(onData(TOPIC, partitions), onData("__consumer_offsets", 4)))
                    .all()
                    .get();
        }
        await("the topic has leaders")
                .atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> written().size() == partitions + 1);
    }

    private static NewTopic onData(String topic, int partitions) {
        Map<Integer, List<Integer>> replicas = new HashMap<>();
        partitions(partitions).forEach(partition -> replicas.put(partition, List.of(DATA)));
        return new NewTopic(topic, replicas);
    }

    /** Kills the broker that has the topic and the offsets, and waits until its partitions have no leader. */
    void killData() throws Exception {
        data.kill();
        try (Admin admin = Admin.create(clients.asMap())) {
            await("no leader")
                    .atMost(PATIENCE)
                    .until(() -> admin.describeTopics(List.of(TOPIC)).allTopicNames().get().values().stream()
                            .flatMap(topic -> topic.partitions().stream())
                            .allMatch(
                                    one -> one.leader() == null || one.leader().isEmpty()));
        }
    }

    void startDataAgain() throws Exception {
        data.startAgain();
        await("leaders").atMost(PATIENCE).ignoreExceptions().until(() -> transactions.open(written()) != null);
    }

    Transactions transactions() {
        return transactions;
    }

    /** A producer of Kafka's own. */
    Producer<String, String> plainProducer(String id) {
        Map<String, Object> config = clients.asMap();
        config.put("transactional.id", id);
        config.put("max.block.ms", PLAIN_TIMEOUT_MILLIS);
        config.put("delivery.timeout.ms", PLAIN_TIMEOUT_MILLIS);
        config.put("request.timeout.ms", PLAIN_TIMEOUT_MILLIS / 2);
        config.put("linger.ms", 0);
        return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    /** As the trainer's producers are; Kafka's own in the negative control. */
    Producer<String, String> producer(String id) {
        Producer<String, String> plain = plainProducer(id);
        return IS_SETTLED ? new SettledProducer<>(plain, transactions, id, this::written) : plain;
    }

    Set<TopicPartition> written() {
        return transactions.written(Set.of(TOPIC), Set.of(GROUP));
    }

    /** Orphans that the broker has left now. */
    List<JudgedTransaction> orphans() {
        return transactions.open(written()).stream()
                .filter(JudgedTransaction::isOrphan)
                .toList();
    }

    /** Values that a reader of committed records sees, by partition; what stands behind an open transaction is not among them. */
    Map<Integer, List<String>> committed() {
        Map<Integer, List<String>> values = new TreeMap<>();
        try (TopicReader reader = new TopicReader(clients, PATIENCE)) {
            for (int partition = 0; partition < reader.partitions(TOPIC); partition++) {
                List<String> own = new ArrayList<>();
                reader.read(
                        TOPIC,
                        partition,
                        reader.committedEnd(TOPIC, partition),
                        record -> own.add(Utf8.text(record.value().orElseThrow())));
                values.put(partition, own);
            }
        }
        return values;
    }

    /** The group, as a client knows it that is no member. */
    ConsumerGroupMetadata group() {
        Map<String, Object> config = clients.asMap();
        config.put("group.id", GROUP);
        try (KafkaConsumer<String, String> outside =
                new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            return outside.groupMetadata();
        }
    }

    /** Committed offsets of the group; waits for transactions that are open there. */
    Map<TopicPartition, Long> offsets() throws Exception {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        try (Admin admin = Admin.create(clients.asMap())) {
            admin.listConsumerGroupOffsets(GROUP, new ListConsumerGroupOffsetsOptions().requireStable(true))
                    .partitionsToOffsetAndMetadata()
                    .get()
                    .forEach((partition, offset) -> offsets.put(partition, offset.offset()));
        }
        return offsets;
    }

    static Set<Integer> partitions(int count) {
        return new TreeSet<>(IntStream.range(0, count).boxed().toList());
    }

    @Override
    public void close() throws Exception {
        transactions.close();
        data.close();
        coordinator.close();
    }
}
