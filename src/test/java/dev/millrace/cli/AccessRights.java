package dev.millrace.cli;

import java.util.List;
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

    /** All rights of the table, with {@code millrace-} as it stands. */
    static List<AccessRights> documented(List<String> everyTopic) {
        return AccessRight.all().stream()
                .flatMap(right -> {
                    Stream<String> names = right.name().equals(AccessRight.EVERY_TOPIC)
                            ? everyTopic.stream()
                            : Stream.of(right.name());
                    return names.map(name -> new AccessRights(
                            right.command(),
                            new ResourcePattern(
                                    ResourceType.valueOf(right.kind().name()),
                                    name,
                                    right.isPrefix() ? PatternType.PREFIXED : PatternType.LITERAL),
                            AclOperation.valueOf(right.operation().name())));
                })
                .toList();
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
