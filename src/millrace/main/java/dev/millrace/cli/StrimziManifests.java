package dev.millrace.cli;

import dev.millrace.cli.AccessList.Resource;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.topic.Topics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The topics and users of one cluster as resources of Strimzi, whose operators make them.
 *
 * @param cluster name of the resource {@code Kafka}
 * @param rights on its topics
 */
record StrimziManifests(String cluster, AccessList rights) {

    private static final String API = "kafka.strimzi.io/v1";
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?");

    StrimziManifests {
        requireName("--cluster", cluster);
    }

    /** A topic, made as {@code topics create} makes it. */
    String topic(Topics.Shape shape) {
        String name = shape.name().toLowerCase(Locale.ROOT).replace('_', '-'); // a name in Kubernetes has no others
        StringBuilder lines = head("KafkaTopic", name);
        if (!name.equals(shape.name())) {
            lines.append("  topicName: ").append(shape.name()).append('\n');
        }
        lines.append("  partitions: ").append(shape.partitions()).append('\n');
        shape.replicas()
                .ifPresent(replicas ->
                        lines.append("  replicas: ").append(replicas).append('\n'));
        lines.append("  config:\n");
        shape.configs().forEach((key, value) -> lines.append("    ")
                .append(key)
                .append(": ")
                .append(value)
                .append('\n'));
        return lines.toString();
    }

    /** A user with a password, who may do what the commands need and nothing else. */
    String user(String name, List<String> commands) {
        requireName("--user", name);
        StringBuilder lines = head("KafkaUser", name)
                .append("  authentication:\n    type: scram-sha-512\n")
                .append("  authorization:\n    type: simple\n    acls:\n");
        for (Map.Entry<Resource, Set<String>> right :
                rights.operations(commands).entrySet()) {
            lines.append("      - resource: ").append(resource(right.getKey())).append('\n');
            lines.append("        operations: [")
                    .append(String.join(", ", right.getValue()))
                    .append("]\n");
        }
        return lines.toString();
    }

    private StringBuilder head(String kind, String name) {
        return new StringBuilder()
                .append("---\napiVersion: " + API + "\nkind: ")
                .append(kind)
                .append("\nmetadata:\n  name: ")
                .append(name)
                .append("\n  labels:\n    strimzi.io/cluster: ")
                .append(cluster)
                .append("\nspec:\n");
    }

    private static String resource(Resource resource) {
        String named = ", name: " + resource.name() + ", patternType: " + (resource.isPrefix() ? "prefix" : "literal");
        return switch (resource.kind()) {
            case TOPIC -> "{type: topic" + named + "}";
            case GROUP -> "{type: group" + named + "}";
            case TRANSACTIONAL_ID -> "{type: transactionalId" + named + "}";
            case CLUSTER -> "{type: cluster}";
        };
    }

    private static void requireName(String option, String name) {
        if (!NAME.matcher(name).matches()) {
            throw OptionFaults.unusable(
                    option, name, "must be a name of Kubernetes: lower-case letters, digits, dashes and dots");
        }
    }
}
