package dev.millrace.topic;

import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.fault.MissingRightException;
import dev.millrace.topic.fault.UnauthenticatedException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;

/**
 * Asks the cluster about itself.
 *
 * @param clients how to reach it
 * @param patience how long it may take to answer
 */
public record ClusterAdmin(ClientSettings clients, Duration patience) {

    private static final int SHORTEST_TIMEOUT_MILLIS = 1_000;

    /** A series of requests. */
    public interface Questions<T> {
        T ask(Admin admin) throws ExecutionException, InterruptedException;
    }

    /** @throws BrokerUnreachableException if no broker answers */
    public <T> T ask(Questions<T> questions) {
        try (Admin admin = admin()) {
            return questions.ask(admin);
        } catch (ExecutionException failed) {
            throw failure(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while asking the cluster", interrupted);
        }
    }

    /** A client; the caller closes it. */
    public Admin admin() {
        Map<String, Object> config = new HashMap<>(clients.asMap());
        int millis = Math.max(SHORTEST_TIMEOUT_MILLIS, (int) patience.toMillis());
        config.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, millis);
        config.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, millis);
        try {
            return Admin.create(config);
        } catch (KafkaException failed) {
            throw clients.noClient(failed);
        }
    }

    /** The topics that the cluster lists for this process, Kafka's own among them: those that it may describe. */
    public static Set<String> topics(Admin admin) throws ExecutionException, InterruptedException {
        return admin.listTopics(new ListTopicsOptions().listInternal(true))
                .names()
                .get();
    }

    /** What a group has committed; empty if there is no such group. */
    public static Map<TopicPartition, OffsetAndMetadata> committed(Admin admin, String group)
            throws ExecutionException, InterruptedException {
        try {
            Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>(admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get());
            committed.values().removeIf(Objects::isNull);
            return committed;
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof GroupIdNotFoundException) {
                return Map.of();
            }
            throw failed;
        }
    }

    /** The offset that is meant of each partition. */
    public static Map<TopicPartition, Long> offsets(
            Admin admin, Collection<TopicPartition> partitions, OffsetSpec which)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        admin.listOffsets(partitions.stream().collect(Collectors.toMap(each -> each, each -> which)))
                .all()
                .get()
                .forEach((partition, found) -> offsets.put(partition, found.offset()));
        return offsets;
    }

    /**
     * Waits until a topic is made. Returns false if it was there before.
     *
     * @throws MissingRightException if it may not be made
     */
    public static boolean isCreated(String topic, KafkaFuture<Void> creation)
            throws ExecutionException, InterruptedException {
        try {
            creation.get();
            return true;
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof TopicExistsException) {
                return false;
            }
            if (failed.getCause() instanceof TopicAuthorizationException refused) { // which may name no topic
                throw new MissingRightException("CREATE", "topic " + topic, refused);
            }
            throw failed;
        }
    }

    /** Waits before the cluster is asked again. */
    public static void pause(Duration pause) {
        try {
            Thread.sleep(pause.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the cluster", interrupted);
        }
    }

    private RuntimeException failure(ExecutionException failed) {
        Throwable cause = failed.getCause() == null ? failed : failed.getCause();
        if (cause instanceof TimeoutException) {
            return clients.unreachable(patience, cause);
        }
        if (cause instanceof AuthorizationException refused) {
            return MissingRightException.of(refused, "DESCRIBE");
        }
        if (cause instanceof AuthenticationException refused) {
            return UnauthenticatedException.of(refused);
        }
        return new IllegalStateException("asking the cluster at " + clients.bootstrapServers(), cause);
    }
}
