package dev.millrace.topic;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * How fast a topic grows that keeps its records for a time.
 *
 * @param bytes that it takes now, on all replicas
 * @param bytesADay at the rate of the last hour, by the records' times, on all replicas
 * @param kept how long it keeps a record; absent if for ever
 */
public record TopicGrowth(String topic, long bytes, long bytesADay, Optional<Duration> kept) {

    private static final Duration WINDOW = Duration.ofHours(1);
    private static final String FOR_EVER = "-1";

    /**
     * Asks a cluster for the topics that are there and are not compacted; changes nothing.
     *
     * @throws dev.millrace.topic.fault.MissingRightException if it does not say how large they are
     * @throws dev.millrace.topic.fault.BrokerUnreachableException if no broker answers
     */
    public static List<TopicGrowth> of(ClientSettings clients, TopicNames names, Instant now, Duration patience) {
        return new ClusterAdmin(clients, patience).ask(admin -> {
            Map<String, TopicDescription> topics = new HashMap<>();
            for (KafkaFuture<TopicDescription> topic :
                    admin.describeTopics(names.all()).topicNameValues().values()) {
                try {
                    TopicDescription found = topic.get();
                    topics.put(found.name(), found);
                } catch (ExecutionException failed) {
                    if (!(failed.getCause() instanceof UnknownTopicOrPartitionException)) {
                        throw failed;
                    }
                }
            }
            Map<String, Long> sizes = sizes(admin);
            Map<String, Optional<Duration>> retentions = retentions(admin, topics);
            List<TopicGrowth> growth = new ArrayList<>();
            for (String topic : names.all()) {
                Optional<Duration> kept = retentions.get(topic);
                if (kept != null) {
                    long bytes = sizes.getOrDefault(topic, 0L);
                    double share = shareOfTheLastHour(admin, Objects.requireNonNull(topics.get(topic)), now);
                    growth.add(new TopicGrowth(
                            topic,
                            bytes,
                            (long) (bytes * share * Duration.ofDays(1).dividedBy(WINDOW)),
                            kept));
                }
            }
            return growth;
        });
    }

    /** What is written a day, and how long it is kept; empty if nothing was written within the last hour. */
    public static Optional<String> inWords(List<TopicGrowth> topics) {
        List<TopicGrowth> growing =
                topics.stream().filter(topic -> topic.bytesADay > 0).toList();
        return growing.isEmpty()
                ? Optional.empty()
                : Optional.of(mib(growing.stream()
                                .mapToLong(TopicGrowth::bytesADay)
                                .sum())
                        + " a day at the rate of the last hour: "
                        + growing.stream()
                                .map(topic -> topic.topic + " " + mib(topic.bytesADay) + ", kept "
                                        + topic.kept.map(TopicGrowth::inWords).orElse("for ever"))
                                .collect(Collectors.joining("; ")));
    }

    private static String inWords(Duration kept) {
        return kept.toDays() > 1 ? kept.toDays() + " days" : kept.toMinutes() + " minutes";
    }

    private static String mib(long bytes) {
        return (bytes >> 20) + " MiB";
    }

    /** The bytes of all replicas, by topic. */
    private static Map<String, Long> sizes(Admin admin) throws ExecutionException, InterruptedException {
        List<Integer> brokers =
                admin.describeCluster().nodes().get().stream().map(Node::id).toList();
        Map<String, Long> sizes = new HashMap<>();
        admin.describeLogDirs(brokers).allDescriptions().get().values().stream()
                .flatMap(directories -> directories.values().stream())
                .forEach(directory -> directory
                        .replicaInfos()
                        .forEach((partition, replica) -> sizes.merge(partition.topic(), replica.size(), Long::sum)));
        return sizes;
    }

    /** How long each topic keeps its records; topics that are compacted are left out. */
    private static Map<String, Optional<Duration>> retentions(Admin admin, Map<String, TopicDescription> topics)
            throws ExecutionException, InterruptedException {
        Map<String, Optional<Duration>> retentions = new HashMap<>();
        admin.describeConfigs(topics.keySet().stream()
                        .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                        .toList())
                .all()
                .get()
                .forEach((topic, config) -> {
                    String kept = config.get("retention.ms").value();
                    if (config.get("cleanup.policy").value().equals("delete")) {
                        retentions.put(
                                topic.name(),
                                kept.equals(FOR_EVER)
                                        ? Optional.empty()
                                        : Optional.of(Duration.ofMillis(Long.parseLong(kept))));
                    }
                });
        return retentions;
    }

    /** The share of a topic's records that came within the last hour. */
    private static double shareOfTheLastHour(Admin admin, TopicDescription topic, Instant now)
            throws ExecutionException, InterruptedException {
        List<TopicPartition> partitions = topic.partitions().stream()
                .map(partition -> new TopicPartition(topic.name(), partition.partition()))
                .toList();
        Map<TopicPartition, Long> begins = ClusterAdmin.offsets(admin, partitions, OffsetSpec.earliest());
        Map<TopicPartition, Long> ends = ClusterAdmin.offsets(admin, partitions, OffsetSpec.latest());
        Map<TopicPartition, Long> hours = ClusterAdmin.offsets(
                admin, partitions, OffsetSpec.forTimestamp(now.minus(WINDOW).toEpochMilli()));
        long all = 0;
        long late = 0;
        for (TopicPartition partition : partitions) {
            long end = ends.getOrDefault(partition, 0L);
            long hour = hours.getOrDefault(partition, -1L); // below 0 if no record is as late
            all += end - begins.getOrDefault(partition, end);
            late += hour < 0 ? 0 : end - hour;
        }
        return all == 0 ? 0 : (double) late / all;
    }
}
