package dev.millrace.cli;

import dev.millrace.cli.option.OptionFaults;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.TopicNames;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The rights of commands on the topics of one cluster.
 *
 * @param names of its topics
 * @param application id that its groups, transactions and changelogs begin with
 */
record AccessList(TopicNames names, String application) {

    private static final List<String> LOGICAL_TOPICS =
            TopicNames.read(new SettingsReader(Map.of())).all();

    /**
     * What a right is on in this cluster.
     *
     * @param isPrefix true if it is all whose names begin so
     */
    record Resource(AccessRight.Kind kind, String name, boolean isPrefix) {

        /** As an option of {@code kafka-acls.sh}. */
        private String option() {
            if (isPrefix) {
                return "--resource-pattern-type prefixed " + kind.option() + " " + name;
            }
            return kind == AccessRight.Kind.CLUSTER ? kind.option() : kind.option() + " " + name;
        }
    }

    /** The calls of {@code kafka-acls.sh} that give a principal what the commands need, one a resource. */
    List<String> calls(String bootstrapServers, String principal, List<String> commands) {
        String begin =
                "kafka-acls.sh --bootstrap-server " + bootstrapServers + " --add --allow-principal '" + principal + "'";
        return operations(commands).entrySet().stream()
                .map(entry -> begin + " " + entry.getKey().option() + " --operation "
                        + String.join(" --operation ", entry.getValue()))
                .toList();
    }

    /** An operation as {@code kafka-acls.sh} and Strimzi take it: {@code DescribeConfigs} for {@code DESCRIBE_CONFIGS}. */
    private static String named(String operation) {
        return Stream.of(operation.split("_", -1))
                .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
                .collect(Collectors.joining());
    }

    /** The operations that the commands need, by resource. */
    Map<Resource, Set<String>> operations(List<String> commands) {
        List<AccessRight> all = AccessRight.all();
        Set<String> known = new TreeSet<>();
        all.forEach(right -> known.add(right.command()));
        for (String command : commands) {
            if (!known.contains(command)) {
                throw OptionFaults.unusable("COMMAND", command, "must be one of " + String.join(", ", known));
            }
        }
        Map<Resource, Set<String>> operations = new LinkedHashMap<>();
        all.stream().filter(right -> commands.contains(right.command())).forEach(right -> resources(right)
                .forEach(resource -> operations
                        .computeIfAbsent(resource, none -> new LinkedHashSet<>())
                        .add(named(right.operation()))));
        return operations;
    }

    private Stream<Resource> resources(AccessRight right) {
        if (right.isPrefix()) { // of all that is named after the application
            return Stream.of(new Resource(right.kind(), application + "-", true));
        }
        return (right.kind() == AccessRight.Kind.CLUSTER ? Stream.of(right.name()) : topics(right))
                .map(name -> new Resource(right.kind(), name, false));
    }

    /** A topic's own name, for its logical one. Whoever writes item vectors writes them for vector stores too. */
    private Stream<String> topics(AccessRight right) {
        if (right.name().equals(AccessRight.EVERY_TOPIC)) {
            return names.all().stream();
        }
        int at = LOGICAL_TOPICS.indexOf(right.name());
        if (at < 0) {
            return Stream.of(right.name()); // Kafka's own
        }
        boolean isForStores = names.all().get(at).equals(names.itemEmbeddings())
                && right.operation().equals("WRITE");
        return Stream.concat(
                Stream.of(names.all().get(at)),
                names.vectorStore().stream().filter(store -> isForStores).map(TopicNames.VectorStore::topic));
    }
}
