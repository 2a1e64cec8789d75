package dev.millrace.topic;

import dev.millrace.topic.fault.BrokerUnreachableException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.FeatureMetadata;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * What a cluster says of itself and of the topics.
 *
 * @param brokers how many there are
 * @param levels of its features; absent if it did not say
 * @param partitions of the topics
 * @param disks of the brokers
 * @param offline directories that a broker has lost, each with what it says of it
 * @param newestProgress time of the newest record of the topic training-progress, by the broker's clock
 * @param open what it did not answer: nothing of it stands in the other components
 */
public record ClusterFacts(
        int brokers,
        Optional<Levels> levels,
        Partitions partitions,
        List<Disk> disks,
        List<String> offline,
        Optional<Instant> newestProgress,
        List<OpenQuestion> open) {

    /**
     * What the cluster did not answer.
     *
     * @param why there is no answer
     * @param isRefused whether a right is missing: {@code why} names it
     */
    public record OpenQuestion(Subject subject, String why, boolean isRefused) {

        /** What was asked for. */
        public enum Subject {
            PARTITIONS,
            VERSIONS,
            TOPICS,
            DISKS,
            CLOCK,
            TRANSACTIONS,
            PROGRESS,
            AUDITS
        }
    }

    /**
     * Feature levels.
     *
     * @param release of {@code metadata.version} that the brokers support at most; it names their release
     * @param transactionVersion of {@code transaction.version} in force; 0 if it is not set
     */
    public record Levels(OptionalInt release, int transactionVersion) {}

    /**
     * The partitions of the topics that the cluster described. A partition is in one list at most.
     *
     * @param topics names of those topics
     * @param withoutLeader nobody can read or write them
     * @param belowMinimum fewer replicas are in sync than {@code min.insync.replicas}
     * @param belowReplicas fewer replicas are in sync than there are
     */
    public record Partitions(
            List<String> topics, List<String> withoutLeader, List<String> belowMinimum, List<String> belowReplicas) {}

    /**
     * A volume with logs of a broker.
     *
     * @param name broker and directory
     * @param totalBytes of the volume
     * @param usableBytes that are free
     */
    public record Disk(String name, long totalBytes, long usableBytes) {}

    /**
     * Asks a cluster; changes nothing.
     *
     * @param patience how long the cluster may take for each answer
     * @throws BrokerUnreachableException if no broker answers
     */
    public static ClusterFacts of(ClientSettings clients, TopicNames names, Duration patience) {
        return new ClusterAdmin(clients, patience).ask(admin -> new Survey(admin, names).facts());
    }

    /**
     * Asks a cluster for its {@link ClusterFacts}; changes nothing. Once a broker has answered, a question without an answer ends nothing: it
     * is an {@link OpenQuestion}.
     */
    private static final class Survey {

        private static final String RELEASE = "metadata.version";
        private static final String TRANSACTION_VERSION = "transaction.version";
        private static final String MIN_IN_SYNC = "min.insync.replicas";

        private final Admin admin;
        private final TopicNames names;
        private final Set<OpenQuestion> open = new LinkedHashSet<>();

        private Survey(Admin admin, TopicNames names) {
            this.admin = admin;
            this.names = names;
        }

        private ClusterFacts facts() throws ExecutionException, InterruptedException {
            Collection<Node> brokers = admin.describeCluster().nodes().get();
            Optional<FeatureMetadata> features = answer(
                    admin.describeFeatures().featureMetadata(),
                    OpenQuestion.Subject.VERSIONS,
                    "DESCRIBE on the cluster");
            Map<String, TopicDescription> topics = topics();
            List<Disk> disks = new ArrayList<>();
            List<String> offline = new ArrayList<>();
            logDirectories(brokers).forEach((place, directory) -> {
                if (directory.error() != null) {
                    offline.add(place + ": " + directory.error().getMessage());
                } else if (directory.totalBytes().isPresent()
                        && directory.usableBytes().isPresent()) {
                    disks.add(new Disk(
                            place,
                            directory.totalBytes().getAsLong(),
                            directory.usableBytes().getAsLong()));
                }
            });
            return new ClusterFacts(
                    brokers.size(),
                    features.map(Survey::levels),
                    partitions(topics),
                    disks,
                    offline,
                    newestProgress(Optional.ofNullable(topics.get(names.trainingProgress()))),
                    List.copyOf(open));
        }

        private static Levels levels(FeatureMetadata features) {
            return new Levels(
                    Optional.ofNullable(features.supportedFeatures().get(RELEASE))
                            .map(range -> OptionalInt.of(range.maxVersion()))
                            .orElse(OptionalInt.empty()),
                    Optional.ofNullable(features.finalizedFeatures().get(TRANSACTION_VERSION))
                            .map(range -> (int) range.maxVersionLevel())
                            .orElse(0));
        }

        /** Topics that are there, by name. */
        private Map<String, TopicDescription> topics() throws ExecutionException, InterruptedException {
            Map<String, TopicDescription> topics = new TreeMap<>();
            for (KafkaFuture<TopicDescription> topic :
                    admin.describeTopics(names.all()).topicNameValues().values()) {
                answer(topic, OpenQuestion.Subject.PARTITIONS, "DESCRIBE on every topic")
                        .ifPresent(found -> topics.put(found.name(), found));
            }
            return topics;
        }

        private Partitions partitions(Map<String, TopicDescription> topics)
                throws ExecutionException, InterruptedException {
            List<String> withoutLeader = new ArrayList<>();
            List<String> belowMinimum = new ArrayList<>();
            List<String> belowReplicas = new ArrayList<>();
            Map<ConfigResource, KafkaFuture<Config>> configs = admin.describeConfigs(topics.keySet().stream()
                            .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                            .toList())
                    .values();
            for (Map.Entry<ConfigResource, KafkaFuture<Config>> topic : configs.entrySet()) {
                String name = topic.getKey().name();
                int minimum = answer(
                                topic.getValue(), OpenQuestion.Subject.PARTITIONS, "DESCRIBE_CONFIGS on every topic")
                        .map(config -> Integer.parseInt(config.get(MIN_IN_SYNC).value()))
                        .orElse(1);
                List<TopicPartitionInfo> partitions = Optional.ofNullable(topics.get(name))
                        .map(TopicDescription::partitions)
                        .orElse(List.of());
                for (TopicPartitionInfo partition : partitions) {
                    String place = name + "-" + partition.partition();
                    if (!hasLeader(partition)) {
                        withoutLeader.add(place);
                    } else if (partition.isr().size() < minimum) {
                        belowMinimum.add(place);
                    } else if (partition.isr().size() < partition.replicas().size()) {
                        belowReplicas.add(place);
                    }
                }
            }
            return new Partitions(List.copyOf(topics.keySet()), withoutLeader, belowMinimum, belowReplicas);
        }

        /** By broker and path. */
        private Map<String, LogDirDescription> logDirectories(Collection<Node> brokers)
                throws ExecutionException, InterruptedException {
            Map<String, LogDirDescription> directories = new TreeMap<>();
            for (var broker : admin.describeLogDirs(
                            brokers.stream().map(Node::id).toList())
                    .descriptions()
                    .entrySet()) {
                answer(broker.getValue(), OpenQuestion.Subject.DISKS, "DESCRIBE on the cluster")
                        .ifPresent(found -> found.forEach((path, directory) ->
                                directories.put("broker " + broker.getKey() + " " + path, directory)));
            }
            return directories;
        }

        private Optional<Instant> newestProgress(Optional<TopicDescription> topic)
                throws ExecutionException, InterruptedException {
            TopicPartition progress = new TopicPartition(names.trainingProgress(), 0);
            if (topic.isEmpty() || !hasLeader(topic.get().partitions().get(0))) {
                open.add(new OpenQuestion(OpenQuestion.Subject.CLOCK, progress + " cannot be read", false));
                return Optional.empty();
            }
            return answer(
                            admin.listOffsets(Map.of(progress, OffsetSpec.maxTimestamp()))
                                    .partitionResult(progress),
                            OpenQuestion.Subject.CLOCK,
                            "DESCRIBE on topic " + names.trainingProgress())
                    .filter(newest -> newest.timestamp() >= 0)
                    .map(newest -> Instant.ofEpochMilli(newest.timestamp()));
        }

        private static boolean hasLeader(TopicPartitionInfo partition) {
            return partition.leader() != null && !partition.leader().isEmpty();
        }

        /** Returns the answer; empty if there is no such topic, or if the question stays open. */
        private <T> Optional<T> answer(KafkaFuture<T> future, OpenQuestion.Subject subject, String right)
                throws ExecutionException, InterruptedException {
            try {
                return Optional.of(future.get());
            } catch (ExecutionException failed) {
                if (failed.getCause() instanceof AuthorizationException) {
                    open.add(new OpenQuestion(subject, right, true));
                } else if (failed.getCause() instanceof ApiException unanswered) {
                    if (!(unanswered instanceof UnknownTopicOrPartitionException)) {
                        open.add(new OpenQuestion(subject, String.valueOf(unanswered.getMessage()), false));
                    }
                } else {
                    throw failed;
                }
                return Optional.empty();
            }
        }
    }
}
