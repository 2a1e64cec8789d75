package dev.millrace.topic;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;

/** The topics that the applications need: creates those that are missing, checks those that exist. */
public final class Topics {

    private static final Duration PAUSE = Duration.ofSeconds(1);

    private static final String ONE_LEARNER = "1";
    private static final String LARGE_RECORD_BYTES = Integer.toString(8 << 20);
    private static final String COMPACT_SEGMENT_BYTES = Integer.toString(64 << 20);

    private final ClusterAdmin cluster;
    private final TopicSettings settings;

    /** @param patience how long the cluster may take to answer */
    public Topics(ClientSettings clients, TopicSettings settings, Duration patience) {
        this.cluster = new ClusterAdmin(clients, patience);
        this.settings = settings;
    }

    /**
     * Creates the topics that are missing, and leaves the others as they are.
     *
     * @return names of the topics that were created
     * @throws BrokerUnreachableException if no broker answers
     */
    public Set<String> create() {
        return cluster.ask(admin -> {
            Set<String> created = new TreeSet<>();
            Map<String, KafkaFuture<Void>> futures =
                    new TreeMap<>(admin.createTopics(wanted()).values());
            for (Map.Entry<String, KafkaFuture<Void>> future : futures.entrySet()) {
                try {
                    future.getValue().get();
                    created.add(future.getKey());
                } catch (ExecutionException failed) {
                    if (!(failed.getCause() instanceof TopicExistsException)) {
                        throw failed;
                    }
                }
            }
            awaitLeaders(admin);
            return created;
        });
    }

    /**
     * Checks that every topic is there and has the shape that the applications rely on.
     *
     * @throws UnusableTopicException if one is missing or of another shape
     * @throws BrokerUnreachableException if no broker answers
     */
    public void check() {
        List<String> faults = cluster.ask(this::faults);
        if (!faults.isEmpty()) {
            throw new UnusableTopicException(faults);
        }
    }

    /**
     * As {@link #check}, but waits for a broker that does not answer yet.
     *
     * @param longest to wait for a first answer, as {@code stream.startup-timeout} has it
     * @param waiting called now and then with a line for the log: what the start waits for
     */
    public void check(Duration longest, Consumer<String> waiting) {
        long deadline = System.nanoTime() + longest.toNanos();
        while (true) {
            try {
                check();
                return;
            } catch (BrokerUnreachableException unreachable) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    throw new BrokerUnreachableException(
                            "gave up after " + longest.toSeconds() + " s (stream.startup-timeout): "
                                    + unreachable.getMessage(),
                            unreachable);
                }
                waiting.accept("waiting for a broker at " + cluster.clients().bootstrapServers() + ", "
                        + Duration.ofNanos(left).toSeconds() + " s more");
                ClusterAdmin.pause(PAUSE); // an address that cannot be resolved fails at once
            }
        }
    }

    /** Returns the number of partitions of each topic, by name. */
    public Map<String, Integer> partitions() {
        Map<String, Integer> partitions = new TreeMap<>();
        cluster.ask(admin -> admin.describeTopics(settings.names().all())
                        .allTopicNames()
                        .get())
                .forEach((topic, description) ->
                        partitions.put(topic, description.partitions().size()));
        return partitions;
    }

    private List<String> faults(Admin admin) throws ExecutionException, InterruptedException {
        Set<String> present = admin.listTopics().names().get();
        List<String> faults = new ArrayList<>();
        List<String> named = settings.names().all();
        for (String topic : named) {
            if (!present.contains(topic)) {
                faults.add("topic " + topic + " is missing; millrace topics create makes it");
            }
        }
        if (faults.isEmpty()) {
            checkShapes(admin, faults);
        }
        return faults;
    }

    /**
     * Waits until every partition's leader answers. Without this a producer may see its first batch refused and its second accepted: a
     * broker that does not know the producer yet accepts any sequence number, and then refuses the first batch for ever.
     */
    private void awaitLeaders(Admin admin) throws ExecutionException, InterruptedException {
        long deadline = System.nanoTime() + cluster.patience().toNanos();
        while (true) {
            try {
                Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
                admin.describeTopics(settings.names().all())
                        .allTopicNames()
                        .get()
                        .forEach((topic, description) -> description
                                .partitions()
                                .forEach(partition -> latest.put(
                                        new TopicPartition(topic, partition.partition()), OffsetSpec.latest())));
                admin.listOffsets(latest).all().get();
                return;
            } catch (ExecutionException failed) {
                if (!(failed.getCause() instanceof RetriableException) || System.nanoTime() > deadline) {
                    throw failed;
                }
                Thread.sleep(50);
            }
        }
    }

    private void checkShapes(Admin admin, List<String> faults) throws ExecutionException, InterruptedException {
        TopicNames names = settings.names();
        Map<String, TopicDescription> topics =
                admin.describeTopics(names.all()).allTopicNames().get();
        int byUser = partitions(topics, names.exposures());
        for (String topic : List.of(names.clicks(), names.users())) {
            if (partitions(topics, topic) != byUser) {
                faults.add("topic " + topic + " has " + partitions(topics, topic) + " partitions and "
                        + names.exposures() + " has " + byUser
                        + ": both are partitioned by user and must have the same number");
            }
        }
        for (String topic : List.of(names.trainingExamples(), names.miniBatches(), names.generations())) {
            if (partitions(topics, topic) != 1) {
                faults.add("topic " + topic + " has " + partitions(topics, topic)
                        + " partitions: the order of its records counts, and needs exactly 1");
            }
        }
        Set<String> compacted = new TreeSet<>(List.of(
                names.itemEmbeddings(),
                names.modelUpdates(),
                names.generations(),
                names.userFeatures(),
                names.trainingProgress()));
        names.vectorStore().ifPresent(store -> compacted.add(store.topic()));
        Map<ConfigResource, Config> configs = admin.describeConfigs(names.all().stream()
                        .map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic))
                        .toList())
                .all()
                .get();
        configs.forEach((resource, config) -> {
            String policy = config.get("cleanup.policy").value();
            boolean compacts = policy.contains("compact");
            if (compacts != compacted.contains(resource.name()) || (compacts && policy.contains("delete"))) {
                faults.add("topic " + resource.name() + " has cleanup.policy " + policy + ": it must be "
                        + (compacted.contains(resource.name()) ? "compact" : "delete"));
            }
        });
    }

    private List<NewTopic> wanted() {
        TopicNames names = settings.names();
        Map<String, String> events = Map.of("retention.ms", millis(settings.eventRetention()));
        // records of the trainer get the brokers' time: retention counts from then, and event time may be far ahead of
        // the brokers' clocks, which they refuse
        Map<String, String> written = Map.of("message.timestamp.type", "LogAppendTime");
        Map<String, String> large = with(written, Map.of("max.message.bytes", LARGE_RECORD_BYTES));
        Map<String, String> compacted = with(
                large,
                Map.of(
                        "cleanup.policy",
                        "compact",
                        "segment.bytes",
                        COMPACT_SEGMENT_BYTES,
                        "min.cleanable.dirty.ratio",
                        "0.3"));
        Map<String, String> examples = with(written, Map.of("retention.ms", millis(settings.exampleRetention())));
        Map<String, String> batches = with(large, Map.of("retention.ms", millis(settings.batchRetention())));
        String many = Integer.toString(settings.partitions());
        List<NewTopic> wanted = new ArrayList<>(List.of(
                topic(names.exposures(), many, events),
                topic(names.clicks(), many, events),
                topic(names.users(), many, events),
                topic(names.items(), many, events),
                topic(names.trainingExamples(), ONE_LEARNER, examples),
                topic(names.miniBatches(), ONE_LEARNER, batches),
                topic(names.itemEmbeddings(), many, compacted),
                topic(names.modelUpdates(), ONE_LEARNER, compacted),
                topic(names.generations(), ONE_LEARNER, compacted),
                topic(names.userFeatures(), many, compacted),
                topic(names.trainingProgress(), ONE_LEARNER, compacted),
                topic(names.deadLetters(), many, with(written, events))));
        names.vectorStore().ifPresent(store -> wanted.add(topic(store.topic(), many, compacted)));
        return wanted;
    }

    private static Map<String, String> with(Map<String, String> some, Map<String, String> others) {
        Map<String, String> all = new HashMap<>(some);
        all.putAll(others);
        return all;
    }

    private NewTopic topic(String name, String partitions, Map<String, String> configs) {
        Optional<Short> replicas =
                settings.replicas() < 0 ? Optional.empty() : Optional.of((short) settings.replicas());
        return new NewTopic(name, Optional.of(Integer.valueOf(partitions)), replicas).configs(configs);
    }

    private static int partitions(Map<String, TopicDescription> topics, String topic) {
        return topics.entrySet().stream()
                .filter(entry -> entry.getKey().equals(topic))
                .map(entry -> entry.getValue().partitions().size())
                .collect(Collectors.summingInt(Integer::intValue));
    }

    private static String millis(Duration retention) {
        return retention.equals(TopicSettings.FOR_EVER) ? "-1" : Long.toString(retention.toMillis());
    }
}
