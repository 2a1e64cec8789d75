package dev.millrace.topic;

import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.fault.MissingRightException;
import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.wire.ServingProgress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/** The topics that the applications need: creates those that are missing, checks those that exist. */
public final class Topics {

    /**
     * A topic as it is created.
     *
     * @param replicas absent for the broker's default
     * @param configs of Kafka, by name
     * @param largest bytes of a record that Millrace writes; 0 if it writes none
     */
    public record Shape(
            String name, int partitions, Optional<Short> replicas, SortedMap<String, String> configs, long largest) {

        String policy() {
            return configs.getOrDefault(CLEANUP_POLICY, "delete");
        }
    }

    private static final String CLEANUP_POLICY = "cleanup.policy";

    /** Servers tell anew every few seconds, each process under keys of its own; who reads must not have to read much. */
    private static final Map<String, String> LATEST_OF_A_DAY = Map.of(
            CLEANUP_POLICY,
            "compact,delete",
            "retention.ms",
            Long.toString(ServingProgress.KEPT.toMillis()),
            "segment.ms",
            Long.toString(Duration.ofMinutes(10).toMillis()));

    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final DescribeTopicsOptions WITH_RIGHTS =
            new DescribeTopicsOptions().includeAuthorizedOperations(true);

    private static final String MAX_MESSAGE_BYTES = "max.message.bytes";
    private static final int BROKER_DEFAULT_BYTES = 1_048_588; // of max.message.bytes

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
            Map<String, KafkaFuture<Void>> futures = new TreeMap<>(admin.createTopics(shapes().stream()
                            .map(shape -> new NewTopic(shape.name(), Optional.of(shape.partitions()), shape.replicas())
                                    .configs(shape.configs()))
                            .toList())
                    .values());
            for (Map.Entry<String, KafkaFuture<Void>> future : futures.entrySet()) {
                if (ClusterAdmin.isCreated(future.getKey(), future.getValue())) {
                    created.add(future.getKey());
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
        requireNone((admin, faults) -> {
            Map<String, TopicDescription> topics =
                    described(admin, settings.names().all(), faults);
            if (faults.isEmpty()) {
                checkInputs(topics, faults);
                for (String topic : needExactlyOne()) {
                    if (partitions(topics, topic) != 1) {
                        faults.add("topic " + topic + " has " + partitions(topics, topic)
                                + " partitions: the order of its records counts, and needs exactly 1");
                    }
                }
                checkPolicies(admin, faults);
            }
        });
    }

    /** Finds faults of topics. */
    private interface Check {
        void run(Admin admin, List<String> faults) throws ExecutionException, InterruptedException;
    }

    private void requireNone(Check check) {
        List<String> faults = new ArrayList<>();
        cluster.ask(admin -> {
            check.run(admin, faults);
            return faults;
        });
        if (!faults.isEmpty()) {
            throw new UnusableTopicException(faults);
        }
    }

    /**
     * As {@link #check}, of the input topics alone, and for writing: a producer need not know the others.
     *
     * @throws UnusableTopicException if one is missing or of another shape
     * @throws MissingRightException if one may not be written
     * @throws BrokerUnreachableException if no broker answers
     */
    public void checkInputs() {
        requireNone((admin, faults) -> {
            Map<String, TopicDescription> topics =
                    described(admin, settings.names().inputs(), faults);
            requireAllowed(topics, AclOperation.WRITE);
            if (faults.isEmpty()) {
                checkInputs(topics, faults);
            }
        });
    }

    /**
     * As {@link #check}, but waits for a broker that does not answer yet.
     *
     * @param longest to wait for a first answer, as {@code stream.startup-timeout} has it
     * @param waiting called now and then with a line for the log: what the start waits for
     */
    public void check(Duration longest, Consumer<String> waiting) {
        whenABrokerAnswers(longest, waiting, this::check);
    }

    /**
     * Checks that a topic may be written.
     *
     * @throws MissingRightException if not
     */
    public void checkWritable(String topic) {
        checkAllowed(topic, AclOperation.WRITE);
    }

    private void checkAllowed(String topic, AclOperation operation) {
        requireAllowed(cluster.ask(admin -> described(admin, List.of(topic), new ArrayList<>())), operation);
    }

    /** As {@link #checkInputs()}, but waits as {@link #check(Duration, Consumer)} does. */
    public void checkInputs(Duration longest, Consumer<String> waiting) {
        whenABrokerAnswers(longest, waiting, this::checkInputs);
    }

    private void whenABrokerAnswers(Duration longest, Consumer<String> waiting, Runnable check) {
        long deadline = System.nanoTime() + longest.toNanos();
        for (boolean isDone = false; !isDone; ) {
            try {
                check.run();
                isDone = true;
            } catch (BrokerUnreachableException unreachable) {
                Duration left = Duration.ofNanos(deadline - System.nanoTime());
                if (left.isNegative() || left.isZero()) {
                    String gaveUp = "gave up after " + longest.toSeconds() + " s (stream.startup-timeout): ";
                    throw new BrokerUnreachableException(gaveUp + unreachable.getMessage(), unreachable);
                }
                waiting.accept("waiting for a broker at " + cluster.clients().bootstrapServers() + ", "
                        + left.toSeconds() + " s more");
                ClusterAdmin.pause(PAUSE); // an address that cannot be resolved fails at once
            }
        }
    }

    /**
     * Returns a sentence for each topic that is there with another number of partitions than {@link #create} would give it, and that {@link
     * #check} may let pass: the applications work with it, and the settings do not say what there is. Missing topics are left out.
     */
    public List<String> otherPartitions() {
        TopicNames names = settings.names();
        Map<String, TopicDescription> topics = cluster.ask(admin -> described(admin, names.all(), new ArrayList<>()));
        return shapes().stream()
                .filter(shape -> topics.containsKey(shape.name())
                        && !needExactlyOne().contains(shape.name())
                        && partitions(topics, shape.name()) != shape.partitions())
                .map(shape -> {
                    int found = partitions(topics, shape.name());
                    boolean isSet = !names.modelUpdates().equals(shape.name())
                            && !names.trainingProgress().equals(shape.name())
                            && !names.servingProgress().equals(shape.name());
                    return "topic " + shape.name() + " has " + found + (found == 1 ? " partition" : " partitions")
                            + ", and the settings ask for " + shape.partitions() + (isSet ? " (topic.partitions)" : "")
                            + ": it keeps the number that it was created with, which decides the partition of each key";
                })
                .toList();
    }

    /** Topics whose records have one order. */
    private List<String> needExactlyOne() {
        TopicNames names = settings.names();
        return List.of(
                names.generations(),
                names.operatorActions(),
                names.trainingExamples(),
                names.attributionCommits(),
                names.miniBatches());
    }

    /**
     * Returns the number of partitions of topics that are not Millrace's, by name.
     *
     * @throws UnusableTopicException if one is missing
     */
    public Map<String, Integer> partitions(Collection<String> others) {
        Map<String, Integer> partitions = new TreeMap<>();
        requireNone((admin, faults) -> {
            Map<String, TopicDescription> found = described(admin, List.copyOf(others), new ArrayList<>());
            for (String topic : others) {
                if (found.containsKey(topic)) {
                    partitions.put(topic, partitions(found, topic));
                } else {
                    faults.add("topic " + topic + " is missing");
                }
            }
        });
        return partitions;
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

    /** Some brokers do not say what this process may do; it then learns it when it writes. */
    private static void requireAllowed(Map<String, TopicDescription> topics, AclOperation operation) {
        Set<String> refused = new TreeSet<>();
        topics.forEach((topic, description) -> {
            @Nullable Set<AclOperation> allowed = description.authorizedOperations();
            if (allowed != null && !allowed.isEmpty() && !allowed.contains(operation)) {
                refused.add(topic);
            }
        });
        if (!refused.isEmpty()) {
            throw MissingRightException.of(new TopicAuthorizationException(refused), operation.name());
        }
    }

    /** Topics that are there, by name; the others are faults. */
    private static Map<String, TopicDescription> described(Admin admin, List<String> named, List<String> faults)
            throws ExecutionException, InterruptedException {
        return answers(admin.describeTopics(named, WITH_RIGHTS).topicNameValues(), "DESCRIBE", faults);
    }

    /** Settings of topics by name. */
    private static Map<String, Config> configs(Admin admin, Collection<String> topics, List<String> faults)
            throws ExecutionException, InterruptedException {
        Map<String, KafkaFuture<Config>> asked = new HashMap<>();
        admin.describeConfigs(topics.stream()
                        .map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic))
                        .toList())
                .values()
                .forEach((topic, config) -> asked.put(topic.name(), config));
        return answers(asked, "DESCRIBE_CONFIGS", faults);
    }

    /**
     * Awaits what was asked of each topic; one that is missing is a fault.
     *
     * @param right that it takes
     */
    private static <T> Map<String, T> answers(Map<String, KafkaFuture<T>> asked, String right, List<String> faults)
            throws ExecutionException, InterruptedException {
        Map<String, T> answers = new HashMap<>();
        Set<String> refused = new TreeSet<>();
        for (Map.Entry<String, KafkaFuture<T>> each : new TreeMap<>(asked).entrySet()) {
            try {
                answers.put(each.getKey(), each.getValue().get());
            } catch (ExecutionException failed) {
                if (failed.getCause() instanceof AuthorizationException) {
                    refused.add(each.getKey());
                } else if (failed.getCause() instanceof UnknownTopicOrPartitionException) {
                    faults.add("topic " + each.getKey() + " is missing; millrace topics create makes it");
                } else {
                    throw failed;
                }
            }
        }
        if (!refused.isEmpty()) {
            throw MissingRightException.of(new TopicAuthorizationException(refused), right);
        }
        return answers;
    }

    /**
     * Waits until every partition's leader answers. Without this a producer may see its first batch refused and its second accepted: a
     * broker that does not know the producer yet accepts any sequence number, and then refuses the first batch for ever.
     */
    private void awaitLeaders(Admin admin) throws ExecutionException, InterruptedException {
        long deadline = System.nanoTime() + cluster.patience().toNanos();
        while (true) {
            try {
                List<TopicPartition> partitions = new ArrayList<>();
                admin.describeTopics(settings.names().all())
                        .allTopicNames()
                        .get()
                        .forEach((topic, description) -> description
                                .partitions()
                                .forEach(
                                        partition -> partitions.add(new TopicPartition(topic, partition.partition()))));
                ClusterAdmin.offsets(admin, partitions, OffsetSpec.latest());
                return;
            } catch (ExecutionException failed) {
                if (!(failed.getCause() instanceof RetriableException) || System.nanoTime() > deadline) {
                    throw failed;
                }
                Thread.sleep(50);
            }
        }
    }

    private void checkInputs(Map<String, TopicDescription> topics, List<String> faults) {
        TopicNames names = settings.names();
        int byUser = partitions(topics, names.exposures());
        for (String topic : List.of(names.clicks(), names.users())) {
            if (partitions(topics, topic) != byUser) {
                faults.add("topic " + topic + " has " + partitions(topics, topic) + " partitions and "
                        + names.exposures() + " has " + byUser
                        + ": both are partitioned by user and must have the same number");
            }
        }
    }

    private void checkPolicies(Admin admin, List<String> faults) throws ExecutionException, InterruptedException {
        Map<String, Config> configs = configs(admin, settings.names().all(), faults);
        for (Shape shape : shapes()) {
            Config config = configs.get(shape.name());
            if (config == null) {
                continue;
            }
            requireRoom(shape.name(), shape.largest(), config, faults);
            String policy = config.get(CLEANUP_POLICY).value();
            String needs = shape.policy();
            boolean compacts = policy.contains("compact");
            if (compacts != needs.contains("compact")
                    || (compacts && policy.contains("delete") != needs.contains("delete"))) {
                faults.add("topic " + shape.name() + " has cleanup.policy " + policy + ": it must be " + needs + "; "
                        + change(shape.name(), CLEANUP_POLICY + "=[" + needs + "]"));
            }
        }
    }

    /**
     * Checks that changelogs take the largest entries that the settings allow. Those that do not exist yet are left out: they are made as
     * {@link TopicSettings#compaction} says.
     *
     * @param largest bytes that each must take, by name
     * @throws UnusableTopicException if one takes less
     */
    public void checkChangelogs(Map<String, Long> largest) {
        requireNone((admin, faults) -> {
            Set<String> present = new TreeSet<>(ClusterAdmin.topics(admin));
            present.retainAll(largest.keySet());
            configs(admin, present, faults)
                    .forEach((name, config) -> requireRoom(name, largest.getOrDefault(name, 0L), config, faults));
        });
    }

    private void requireRoom(String topic, long needed, Config config, List<String> faults) {
        long taken = Long.parseLong(config.get(MAX_MESSAGE_BYTES).value());
        if (taken < needed) {
            faults.add("topic " + topic + " has " + MAX_MESSAGE_BYTES + " " + taken + ": a record of it may have "
                    + needed
                    + " bytes by limits.* and the other settings; "
                    + change(topic, MAX_MESSAGE_BYTES + "=" + settings.maxMessageBytes()));
        }
    }

    private String change(String topic, String config) {
        return "change it with kafka-configs.sh --bootstrap-server "
                + cluster.clients().bootstrapServers() + " --alter --entity-type topics --entity-name " + topic
                + " --add-config " + config;
    }

    /** Returns all topics as {@link #create} makes them, in the order of {@link TopicNames#all}. Asks no cluster. */
    public List<Shape> shapes() {
        TopicNames names = settings.names();
        LargestRecords largest = settings.largest();
        Map<String, String> kept = retention(settings.eventRetention());
        Map<String, String> events = largest.event() <= BROKER_DEFAULT_BYTES
                ? kept
                : with(kept, Map.of(MAX_MESSAGE_BYTES, Long.toString(largest.event())));
        // records of the trainer get the brokers' time: retention counts from then, and event time may be far ahead of
        // the brokers' clocks, which they refuse
        Map<String, String> written = Map.of(
                "message.timestamp.type",
                "LogAppendTime",
                MAX_MESSAGE_BYTES,
                Integer.toString(settings.maxMessageBytes()));
        Map<String, String> compacted = with(with(written, settings.compaction()), Map.of(CLEANUP_POLICY, "compact"));
        Map<String, String> examples = with(written, retention(settings.exampleRetention()));
        Map<String, String> batches = with(written, retention(settings.batchRetention()));
        Map<String, String> actions = with(written, retention(settings.actionRetention()));
        int many = settings.partitions();
        List<Shape> shapes = new ArrayList<>();
        names.inputs().forEach(input -> shapes.add(shape(input, many, events, 0)));
        shapes.addAll(List.of(
                shape(names.trainingExamples(), 1, examples, largest.example()),
                shape(names.attributionCommits(), 1, batches, LargestRecords.ATTRIBUTION_COMMIT_BYTES),
                shape(names.miniBatches(), 1, batches, largest.miniBatch()),
                shape(names.itemEmbeddings(), many, compacted, largest.embedding()),
                shape(names.modelUpdates(), 1, compacted, largest.learnerEntry()),
                shape(names.itemNeighbours(), many, compacted, largest.neighbours()),
                shape(names.generations(), 1, compacted, largest.small()),
                shape(names.userFeatures(), many, compacted, largest.userFeatures()),
                shape(names.trainingProgress(), 1, compacted, largest.small()),
                shape(names.servingProgress(), 1, with(compacted, LATEST_OF_A_DAY), largest.small()),
                shape(names.deadLetters(), many, with(written, kept), LargestRecords.DEAD_LETTER_BYTES),
                shape(names.operatorActions(), 1, actions, largest.small()),
                shape(names.answers(), many, examples, largest.small())));
        names.vectorStore()
                .ifPresent(store -> shapes.add(shape(store.topic(), many, compacted, largest.vectorStore())));
        return shapes;
    }

    private static Map<String, String> with(Map<String, String> some, Map<String, String> others) {
        Map<String, String> all = new HashMap<>(some);
        all.putAll(others);
        return all;
    }

    private Shape shape(String name, int partitions, Map<String, String> configs, long largest) {
        Optional<Short> replicas =
                settings.replicas() < 0 ? Optional.empty() : Optional.of((short) settings.replicas());
        return new Shape(name, partitions, replicas, new TreeMap<>(configs), largest);
    }

    private static int partitions(Map<String, TopicDescription> topics, String topic) {
        return Objects.requireNonNull(topics.get(topic)).partitions().size();
    }

    private static Map<String, String> retention(Duration time) {
        return Map.of("retention.ms", time.equals(TopicSettings.FOR_EVER) ? "-1" : Long.toString(time.toMillis()));
    }
}
