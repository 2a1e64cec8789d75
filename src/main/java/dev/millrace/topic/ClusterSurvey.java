package dev.millrace.topic;

import dev.millrace.topic.ClusterFacts.Disk;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureMetadata;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Asks a cluster for its {@link ClusterFacts}; changes nothing. What it may not know is left out, and the right is named. */
public final class ClusterSurvey {

    private static final String RELEASE = "metadata.version";
    private static final String TRANSACTION_VERSION = "transaction.version";

    private final Admin admin;
    private final TopicNames names;
    private final List<String> refused = new ArrayList<>();

    private ClusterSurvey(Admin admin, TopicNames names) {
        this.admin = admin;
        this.names = names;
    }

    /**
     * @param patience how long the cluster may take to answer
     * @throws BrokerUnreachableException if no broker answers
     */
    public static ClusterFacts of(ClientSettings clients, TopicNames names, Duration patience) {
        return new ClusterAdmin(clients, patience).ask(admin -> new ClusterSurvey(admin, names).facts());
    }

    private ClusterFacts facts() throws ExecutionException, InterruptedException {
        Collection<Node> brokers = admin.describeCluster().nodes().get();
        FeatureMetadata features = admin.describeFeatures().featureMetadata().get();
        List<String> withoutLeader = new ArrayList<>();
        List<String> belowReplicas = new ArrayList<>();
        List<TopicDescription> topics = topics();
        for (TopicDescription topic : topics) {
            for (TopicPartitionInfo partition : topic.partitions()) {
                String place = topic.name() + "-" + partition.partition();
                if (partition.leader() == null || partition.leader().isEmpty()) {
                    withoutLeader.add(place);
                } else if (partition.isr().size() < partition.replicas().size()) {
                    belowReplicas.add(place);
                }
            }
        }
        return new ClusterFacts(
                brokers.size(),
                Optional.ofNullable(features.supportedFeatures().get(RELEASE))
                        .map(range -> OptionalInt.of(range.maxVersion()))
                        .orElse(OptionalInt.empty()),
                Optional.ofNullable(features.finalizedFeatures().get(TRANSACTION_VERSION))
                        .map(range -> (int) range.maxVersionLevel())
                        .orElse(0),
                withoutLeader,
                belowReplicas,
                disks(brokers),
                topics.stream().anyMatch(topic -> topic.name().equals(names.trainingProgress()))
                        ? newestProgress()
                        : Optional.empty(),
                refused);
    }

    /** Topics that are there. */
    private List<TopicDescription> topics() throws ExecutionException, InterruptedException {
        List<TopicDescription> topics = new ArrayList<>();
        for (KafkaFuture<TopicDescription> topic :
                admin.describeTopics(names.all()).topicNameValues().values()) {
            answer(topic, "DESCRIBE on every topic").ifPresent(topics::add);
        }
        return topics;
    }

    private List<Disk> disks(Collection<Node> brokers) throws ExecutionException, InterruptedException {
        List<Disk> disks = new ArrayList<>();
        for (var broker : admin.describeLogDirs(brokers.stream().map(Node::id).toList())
                .descriptions()
                .entrySet()) {
            answer(broker.getValue(), "DESCRIBE on the cluster")
                    .ifPresent(directories -> directories.forEach((directory, description) -> {
                        if (description.totalBytes().isPresent()
                                && description.usableBytes().isPresent()) {
                            disks.add(new Disk(
                                    "broker " + broker.getKey() + " " + directory,
                                    description.totalBytes().getAsLong(),
                                    description.usableBytes().getAsLong()));
                        }
                    }));
        }
        return disks;
    }

    private Optional<Instant> newestProgress() throws ExecutionException, InterruptedException {
        TopicPartition progress = new TopicPartition(names.trainingProgress(), 0);
        return answer(
                        admin.listOffsets(Map.of(progress, OffsetSpec.maxTimestamp()))
                                .partitionResult(progress),
                        "DESCRIBE on topic " + names.trainingProgress())
                .filter(newest -> newest.timestamp() >= 0)
                .map(newest -> Instant.ofEpochMilli(newest.timestamp()));
    }

    /** Returns the answer; empty if there is no such thing, or if this process may not ask. */
    private <T> Optional<T> answer(KafkaFuture<T> future, String right)
            throws ExecutionException, InterruptedException {
        try {
            return Optional.of(future.get());
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof AuthorizationException) {
                if (!refused.contains(right)) {
                    refused.add(right);
                }
                return Optional.empty();
            }
            if (failed.getCause() instanceof UnknownTopicOrPartitionException) {
                return Optional.empty();
            }
            throw failed;
        }
    }
}
