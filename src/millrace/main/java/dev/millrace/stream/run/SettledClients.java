package dev.millrace.stream.run;

import dev.millrace.topic.transaction.SettledProducer;
import dev.millrace.topic.transaction.Transactions;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaClientSupplier;

/**
 * Kafka's clients for a Streams application, whose transactional producers settle first.
 *
 * @param clients makes the clients
 * @param writable all partitions that the applications may have written to
 */
record SettledClients(KafkaClientSupplier clients, Transactions transactions, Supplier<Set<TopicPartition>> writable)
        implements KafkaClientSupplier {

    @Override
    public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
        Producer<byte[], byte[]> producer = clients.getProducer(config);
        return Optional.ofNullable(config.get(ProducerConfig.TRANSACTIONAL_ID_CONFIG))
                .<Producer<byte[], byte[]>>map(
                        id -> new SettledProducer<>(producer, transactions, id.toString(), writable))
                .orElse(producer);
    }

    @Override
    public Admin getAdmin(Map<String, Object> config) {
        return clients.getAdmin(config);
    }

    @Override
    public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
        return clients.getConsumer(config);
    }

    @Override
    public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> config) {
        return clients.getRestoreConsumer(config);
    }

    @Override
    public Consumer<byte[], byte[]> getGlobalConsumer(Map<String, Object> config) {
        return clients.getGlobalConsumer(config);
    }
}
