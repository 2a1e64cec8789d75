package dev.millrace.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/**
 * A right as the cluster takes it.
 *
 * @param resource what it is on
 */
record AccessRights(String command, ResourcePattern resource, AclOperation operation) {

    /** The topic that tests have mapped. */
    static final String MAPPED = "page-views";

    /** Changelogs, and then generations, are begun once: later nobody would miss the right to. */
    static final Comparator<AccessRights> BEGINNINGS_FIRST = Comparator.comparing(
                    (AccessRights right) -> right.operation() != AclOperation.CREATE)
            .thenComparing(right -> right.operation() != AclOperation.WRITE
                    || !right.resource().name().equals("generations"));

    /** All rights of the table, with {@code millrace-} as it stands. */
    static List<AccessRights> documented(List<String> everyTopic) {
        return AccessRight.all().stream()
                .flatMap(right -> {
                    Stream<String> names = right.name().equals(AccessRight.EVERY_TOPIC)
                            ? everyTopic.stream()
                            : Stream.of(right.name().equals(AccessRight.MAPPED_TOPICS) ? MAPPED : right.name());
                    return names.map(name -> new AccessRights(
                            right.command(),
                            new ResourcePattern(
                                    ResourceType.valueOf(right.kind().name()),
                                    name,
                                    right.isPrefix() ? PatternType.PREFIXED : PatternType.LITERAL),
                            AclOperation.valueOf(right.operation())));
                })
                .toList();
    }

    /**
     * What a command can be without, one after the other. DESCRIBE goes with READ and WRITE, and is left out beside them. What a command may
     * ask about topics by their names is taken away for all of them at once, since it asks about all of them at once.
     */
    static List<List<AccessRights>> inTurn(String command, List<AccessRights> documented) {
        List<AccessRights> all = documented.stream()
                .filter(right -> right.command().equals(command))
                .toList();
        Map<Object, List<AccessRights>> turns = new LinkedHashMap<>();
        all.stream()
                .filter(right -> right.operation() != AclOperation.DESCRIBE
                        || all.stream()
                                .noneMatch(other -> other.resource().equals(right.resource())
                                        && Set.of(AclOperation.READ, AclOperation.WRITE)
                                                .contains(other.operation())))
                .sorted(BEGINNINGS_FIRST)
                .forEach(right -> turns.computeIfAbsent(
                                right.isAQuestion() ? right.operation() : right, none -> new ArrayList<>())
                        .add(right));
        return List.copyOf(turns.values());
    }

    private boolean isAQuestion() {
        return resource.resourceType() == ResourceType.TOPIC
                && resource.patternType() == PatternType.LITERAL
                && Set.of(AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS).contains(operation);
    }

    /** Whether what a command said names it as missing. */
    boolean isNamedIn(String said) {
        return said.contains("the cluster does not allow ")
                && switch (resource.resourceType()) {
                    case GROUP -> said.contains("group " + resource.name());
                    case TRANSACTIONAL_ID -> said.contains("transactional id");
                    case CLUSTER -> said.contains("on the cluster");
                    default -> said.contains("topic ") && said.contains(resource.name()) && isOperationIn(said);
                };
    }

    /** READ and WRITE include DESCRIBE, which is asked for first; some of Kafka's answers do not say which it was. */
    private boolean isOperationIn(String said) {
        return Stream.of(operation.name(), "DESCRIBE", "READ, WRITE or DESCRIBE", "an operation")
                .anyMatch(told -> said.contains("does not allow " + told + " on "));
    }

    AclBinding of(String principal) {
        return new AclBinding(
                resource, new AccessControlEntry("User:" + principal, "*", operation, AclPermissionType.ALLOW));
    }

    @Override
    public String toString() {
        return operation + " on " + resource.resourceType() + " " + resource.name() + " for " + command;
    }
}
