package dev.millrace.cli;

import dev.millrace.cli.AccessRight.Kind;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.transaction.Transactions;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The rights of commands on the topics of one cluster.
 *
 * @param names of its topics
 * @param application id that its groups, transactions and changelogs begin with
 * @param mapped topics of the user's own that {@code millrace map} reads
 */
record AccessList(TopicNames names, String application, Collection<String> mapped) {

    private static final List<String> LOGICAL_TOPICS =
            TopicNames.read(new SettingsReader(Map.of())).all();

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]+"); // for a shell

    /**
     * What a right is on.
     *
     * @param isPrefix true if it is all whose names begin so
     */
    record Resource(Kind kind, String name, boolean isPrefix) {

        /** As an option of {@code kafka-acls.sh}. */
        String option() {
            String option = "--" + kind.word();
            if (kind == Kind.CLUSTER) {
                return option;
            }
            return (isPrefix ? "--resource-pattern-type prefixed " : "") + option + " "
                    + (PLAIN.matcher(name).matches() ? name : quoted(name));
        }
    }

    /** One word of a shell, whatever a name holds. */
    private static String quoted(String name) {
        return "'" + name.replace("'", "'\\''") + "'";
    }

    /** The calls of {@code kafka-acls.sh} that give a principal what the commands need, one a resource. */
    List<String> calls(String bootstrapServers, String principal, List<String> commands) {
        String begin = "kafka-acls.sh --bootstrap-server " + bootstrapServers + " --add --allow-principal "
                + quoted(principal);
        return operations(commands).entrySet().stream()
                .map(entry -> begin + " " + entry.getKey().option() + " --operation "
                        + String.join(" --operation ", entry.getValue()))
                .toList();
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
        Set<String> settling = settling(all);
        all.stream().filter(right -> commands.contains(right.command())).forEach(right -> resources(
                        right, right.operation().equals("WRITE") || settling.contains(right.command()))
                .forEach(resource -> operations
                        .computeIfAbsent(resource, none -> new LinkedHashSet<>())
                        .add(right.operationWord())));
        return operations;
    }

    /** Commands that look for open transactions on all that trainers write. They alone read Kafka's own offsets. */
    private static Set<String> settling(List<AccessRight> all) {
        return all.stream()
                .filter(right -> right.name().equals(Transactions.OFFSETS))
                .map(AccessRight::command)
                .collect(Collectors.toSet());
    }

    private Stream<Resource> resources(AccessRight right, boolean isForStores) {
        if (right.isPrefix()) { // of all that is named after the application
            return Stream.of(new Resource(right.kind(), application + "-", true));
        }
        return (right.kind() == Kind.CLUSTER ? Stream.of(right.name()) : topics(right, isForStores))
                .map(name -> new Resource(right.kind(), name, false));
    }

    /**
     * A topic's own name, for its logical one.
     *
     * @param isForStores whether what is done to item vectors is done to those for vector stores too
     */
    private Stream<String> topics(AccessRight right, boolean isForStores) {
        if (right.name().equals(AccessRight.EVERY_TOPIC)) {
            return names.all().stream();
        }
        if (right.name().equals(AccessRight.MAPPED_TOPICS)) {
            return mapped.stream();
        }
        int at = LOGICAL_TOPICS.indexOf(right.name());
        if (at < 0) {
            return Stream.of(right.name()); // Kafka's own
        }
        boolean isOfItems = names.all().get(at).equals(names.itemEmbeddings());
        return Stream.concat(
                Stream.of(names.all().get(at)),
                names.vectorStore().stream()
                        .filter(store -> isForStores && isOfItems)
                        .map(TopicNames.VectorStore::topic));
    }
}
