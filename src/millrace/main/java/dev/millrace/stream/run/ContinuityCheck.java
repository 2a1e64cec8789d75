package dev.millrace.stream.run;

import dev.millrace.stream.MillraceTopology;
import dev.millrace.topic.ClusterAdmin;
import dev.millrace.topic.fault.BrokerUnreachableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyDescription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks in the cluster whether an application can go on exactly where it stopped, and puts the group of one that never ran at
 * the beginning of its inputs.
 */
final class ContinuityCheck {

    private static final Logger LOG = LoggerFactory.getLogger(ContinuityCheck.class);
    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final Comparator<TopicPartition> BY_NAME =
            Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition);

    private final ClusterAdmin cluster;
    private final Duration longestRace;

    /** @param longestRace how long a group that cannot be written to may stay so: another instance starts, or a dead one is waited for */
    ContinuityCheck(ClusterAdmin cluster, Duration longestRace) {
        this.cluster = cluster;
        this.longestRace = longestRace;
    }

    /**
     * Lets applications start, or refuses: if one cannot go on, none begins, since a first start cannot be undone.
     *
     * @param applications topologies by application id
     * @throws LostContinuityException if something that they rely on is gone
     * @throws BrokerUnreachableException if no broker answers
     */
    void beforeStart(Map<String, Topology> applications) {
        Map<String, Continuity> whole = new HashMap<>();
        applications.forEach((application, topology) -> whole.put(application, requireWhole(application, topology)));
        applications.forEach((application, topology) -> begin(
                application,
                topology,
                Optional.ofNullable(whole.get(application)).orElseThrow()));
    }

    private Continuity requireWhole(String application, Topology topology) {
        Continuity found = look(application, topology);
        List<String> faults = found.faults();
        if (!faults.isEmpty()) {
            throw new LostContinuityException(faults);
        }
        return found;
    }

    private void begin(String application, Topology topology, Continuity whole) {
        long deadline = System.nanoTime() + longestRace.toNanos();
        Continuity found = whole;
        while (found.isFirstStart() && !begin(application, found.beginnings())) {
            if (System.nanoTime() > deadline) {
                throw new LostContinuityException(List.of("group " + application
                        + " has members and no offsets, so that it cannot be said where they read:"
                        + " stop them and start again"));
            }
            ClusterAdmin.pause(PAUSE);
            found = requireWhole(application, topology);
        }
    }

    /** What an application that stopped has lost; empty if the cluster shows nothing. */
    List<String> losses(String application, Topology topology) {
        return look(application, topology).faults();
    }

    /** What the cluster holds of an application now. */
    Continuity look(String application, Topology topology) {
        return cluster.ask(admin -> look(admin, application, topology.describe()));
    }

    private static Continuity look(Admin admin, String application, TopologyDescription topology)
            throws ExecutionException, InterruptedException {
        Set<String> sources = topology.subtopologies().stream()
                .flatMap(part -> inputs(part).stream())
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> stored = topology.subtopologies().stream()
                .flatMap(ContinuityCheck::stores)
                .map(store -> MillraceTopology.changelog(application, store))
                .collect(Collectors.toCollection(TreeSet::new));
        stored.retainAll(ClusterAdmin.topics(admin));

        // the group first: what it has read by then cannot be past what the topics hold after
        Map<TopicPartition, Continuity.Position> committed = committed(admin, application);
        Set<String> topics = new TreeSet<>(sources);
        topics.addAll(stored);
        Map<String, TopicDescription> descriptions =
                admin.describeTopics(topics).allTopicNames().get();
        SortedMap<TopicPartition, Continuity.Span> spans = spans(admin, descriptions);
        Map<String, String> policies = policies(admin, stored);

        List<Continuity.Changelog> changelogs = new ArrayList<>();
        for (TopologyDescription.Subtopology part : topology.subtopologies()) {
            Set<String> read = inputs(part);
            int partitions = read.stream()
                    .mapToInt(topic -> partitions(descriptions, topic))
                    .max()
                    .orElse(0);
            stores(part).forEach(store -> {
                String topic = MillraceTopology.changelog(application, store);
                changelogs.add(new Continuity.Changelog(
                        topic,
                        read,
                        partitions,
                        !MillraceTopology.IDLE_STORES.contains(store),
                        Optional.ofNullable(policies.get(topic))
                                .map(policy -> new Continuity.Found(
                                        policy,
                                        IntStream.range(0, partitions(descriptions, topic))
                                                .mapToObj(at -> span(spans, new TopicPartition(topic, at)))
                                                .toList()))));
            });
        }
        spans.keySet().removeIf(partition -> !sources.contains(partition.topic()));
        return new Continuity(application, spans, committed, changelogs);
    }

    private static Map<TopicPartition, Continuity.Position> committed(Admin admin, String group)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, Continuity.Position> committed = new HashMap<>();
        // Streams writes its own metadata with every offset it commits; the offsets of a first start have none
        ClusterAdmin.committed(admin, group)
                .forEach((partition, offset) -> committed.put(
                        partition,
                        new Continuity.Position(
                                offset.offset(), !offset.metadata().isEmpty())));
        return committed;
    }

    private static SortedMap<TopicPartition, Continuity.Span> spans(
            Admin admin, Map<String, TopicDescription> descriptions) throws ExecutionException, InterruptedException {
        List<TopicPartition> partitions = descriptions.values().stream()
                .flatMap(topic -> topic.partitions().stream()
                        .map(partition -> new TopicPartition(topic.name(), partition.partition())))
                .toList();
        Map<TopicPartition, Long> begins = ClusterAdmin.offsets(admin, partitions, OffsetSpec.earliest());
        SortedMap<TopicPartition, Continuity.Span> spans = new TreeMap<>(BY_NAME);
        ClusterAdmin.offsets(admin, partitions, OffsetSpec.latest())
                .forEach((partition, end) ->
                        spans.put(partition, new Continuity.Span(begins.getOrDefault(partition, end), end)));
        return spans;
    }

    private static Map<String, String> policies(Admin admin, Set<String> topics)
            throws ExecutionException, InterruptedException {
        Map<String, String> policies = new HashMap<>();
        admin.describeConfigs(topics.stream()
                        .map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic))
                        .toList())
                .all()
                .get()
                .forEach((topic, config) ->
                        policies.put(topic.name(), config.get("cleanup.policy").value()));
        return policies;
    }

    /** Tells a group where it begins; false if it has members: one of them may have told it by now. */
    private boolean begin(String group, SortedMap<TopicPartition, Long> from) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        from.forEach((partition, offset) -> offsets.put(partition, new OffsetAndMetadata(offset)));
        return cluster.ask(admin -> {
            try {
                admin.alterConsumerGroupOffsets(group, offsets).all().get();
                LOG.atInfo()
                        .addKeyValue("group", group)
                        .addKeyValue("offsets", from)
                        .log("First start of a group");
                return true;
            } catch (ExecutionException failed) {
                Throwable cause = failed.getCause();
                if (cause instanceof UnknownMemberIdException
                        || cause instanceof GroupNotEmptyException
                        || cause instanceof RetriableException) {
                    LOG.atInfo()
                            .addKeyValue("group", group)
                            .log("Group is active but has no offsets yet; checking again");
                    return false;
                }
                throw failed;
            }
        });
    }

    private static Set<String> inputs(TopologyDescription.Subtopology part) {
        return nodes(part, TopologyDescription.Source.class)
                .flatMap(source -> source.topicSet().stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<String> stores(TopologyDescription.Subtopology part) {
        return nodes(part, TopologyDescription.Processor.class).flatMap(node -> node.stores().stream());
    }

    private static <N> Stream<N> nodes(TopologyDescription.Subtopology part, Class<N> type) {
        return part.nodes().stream().filter(type::isInstance).map(type::cast);
    }

    private static int partitions(Map<String, TopicDescription> topics, String topic) {
        return Optional.ofNullable(topics.get(topic))
                .map(description -> description.partitions().size())
                .orElse(0);
    }

    private static Continuity.Span span(Map<TopicPartition, Continuity.Span> spans, TopicPartition partition) {
        return Optional.ofNullable(spans.get(partition))
                .orElseThrow(() -> new KafkaException("no offsets of " + partition));
    }
}
