package dev.millrace.cli;

import dev.millrace.cli.option.OptionFaults;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.authoriser.AccessRule;
import dev.millrace.topic.authoriser.AccessRule.Kind;
import dev.millrace.topic.authoriser.AccessRule.Operation;
import dev.millrace.topic.authoriser.AccessRule.Resource;
import dev.millrace.topic.authoriser.AccessRule.Right;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
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

    /** The calls of {@code kafka-acls.sh} that give a principal what the commands need, one a resource. */
    List<String> calls(String bootstrapServers, String principal, List<String> commands) {
        String begin = "kafka-acls.sh --bootstrap-server " + bootstrapServers + " --add --allow-principal "
                + AccessRule.quoted(principal);
        return operations(commands).entrySet().stream()
                .map(entry -> begin + " " + entry.getKey().option() + " --operation "
                        + entry.getValue().stream().map(Operation::word).collect(Collectors.joining(" --operation ")))
                .toList();
    }

    /** The rights that the commands need. */
    Set<Right> rights(List<String> commands) {
        Set<Right> rights = new LinkedHashSet<>();
        operations(commands)
                .forEach((resource, operations) ->
                        operations.forEach(operation -> rights.add(new Right(resource, operation))));
        return rights;
    }

    /** The operations that the commands need, by resource. */
    Map<Resource, Set<Operation>> operations(List<String> commands) {
        List<AccessRight> all = AccessRight.all();
        Set<String> known = new TreeSet<>();
        all.forEach(right -> known.add(right.command()));
        for (String command : commands) {
            if (!known.contains(command)) {
                throw OptionFaults.unusable("COMMAND", command, "must be one of " + String.join(", ", known));
            }
        }
        Map<Resource, Set<Operation>> operations = new LinkedHashMap<>();
        all.stream().filter(right -> commands.contains(right.command())).forEach(right -> resources(right)
                .forEach(resource -> operations
                        .computeIfAbsent(resource, none -> new LinkedHashSet<>())
                        .add(right.operation())));
        return operations;
    }

    private Stream<Resource> resources(AccessRight right) {
        if (right.isPrefix()) { // of all that is named after the application
            return Stream.of(new Resource(right.kind(), application + "-", true));
        }
        return (right.kind() == Kind.CLUSTER ? Stream.of(right.name()) : topics(right))
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
        boolean isForStores =
                names.all().get(at).equals(names.itemEmbeddings()) && right.operation() == Operation.WRITE;
        return Stream.concat(
                Stream.of(names.all().get(at)),
                names.vectorStore().stream().filter(store -> isForStores).map(TopicNames.VectorStore::topic));
    }
}
