package dev.millrace.cli;

import dev.millrace.cli.AccessList.Resource;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.topic.Topics;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The topics and users of one cluster as resources of Strimzi, whose operators make them.
 *
 * @param cluster name of the resource {@code Kafka}
 * @param rights on its topics
 */
record StrimziManifests(String cluster, AccessList rights) {

    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?");

    StrimziManifests {
        requireName("--cluster", cluster);
    }

    /** A topic, made as {@code topics create} makes it. */
    String topic(Topics.Shape shape) {
        String name = shape.name().toLowerCase(Locale.ROOT).replace('_', '-'); // a name in Kubernetes has no others
        return head("KafkaTopic", name)
                + (name.equals(shape.name()) ? "" : line("topicName", shape.name()))
                + line("partitions", shape.partitions())
                + shape.replicas().map(replicas -> line("replicas", replicas)).orElse("")
                + "  config:\n"
                + shape.configs().entrySet().stream()
                        .map(config -> "  " + line(config.getKey(), config.getValue()))
                        .collect(Collectors.joining());
    }

    /** A user with a password, who may do what the commands need and nothing else. */
    String user(String name, List<String> commands) {
        requireName("--user", name);
        return head("KafkaUser", name)
                + """
                  authentication:
                    type: scram-sha-512
                  authorization:
                    type: simple
                    acls:
                """
                + rights.operations(commands).entrySet().stream()
                        .map(right -> "      - resource: %s\n        operations: [%s]\n"
                                .formatted(resource(right.getKey()), String.join(", ", right.getValue())))
                        .collect(Collectors.joining());
    }

    private static String line(String key, Object value) {
        return "  " + key + ": " + value + "\n";
    }

    private String head(String kind, String name) {
        return """
                ---
                apiVersion: kafka.strimzi.io/v1
                kind: %s
                metadata:
                  name: %s
                  labels:
                    strimzi.io/cluster: %s
                spec:
                """
                .formatted(kind, name, cluster);
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
                    option, name, "must be a valid Kubernetes name: lower-case letters, digits, dashes and dots");
        }
    }
}
