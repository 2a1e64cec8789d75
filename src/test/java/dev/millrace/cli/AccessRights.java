package dev.millrace.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/**
 * The rights that docs/operations.md lists for a command.
 *
 * @param resource what they are on
 */
record AccessRights(List<String> commands, ResourcePattern resource, AclOperation operation) {

    private static final Path DOCUMENT = Path.of("docs/operations.md");
    private static final String HEAD = "| command | resources | operations |";
    private static final String CLUSTER = "kafka-cluster";
    private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");

    /** All rights of the table, with {@code millrace-} as it stands. */
    static List<AccessRights> documented(List<String> everyTopic) throws IOException {
        List<String> lines = Files.readAllLines(DOCUMENT);
        List<AccessRights> rights = new ArrayList<>();
        List<String> commands = List.of();
        for (String line : lines.subList(lines.indexOf(HEAD) + 2, lines.size())) {
            if (!line.startsWith("|")) {
                break;
            }
            String[] cells = line.split("\\|", -1);
            commands = cells[1].isBlank() ? commands : quoted(cells[1]);
            for (ResourcePattern resource : resources(cells[2].strip(), everyTopic)) {
                for (String operation : cells[3].strip().split(", ", -1)) {
                    rights.add(new AccessRights(commands, resource, AclOperation.fromString(operation)));
                }
            }
        }
        return rights;
    }

    /** The right as the cluster takes it. */
    AclBinding of(String principal) {
        return new AclBinding(
                resource, new AccessControlEntry("User:" + principal, "*", operation, AclPermissionType.ALLOW));
    }

    private static List<ResourcePattern> resources(String cell, List<String> everyTopic) {
        if (cell.equals("the cluster")) {
            return List.of(new ResourcePattern(ResourceType.CLUSTER, CLUSTER, PatternType.LITERAL));
        }
        Stream<String> names = cell.equals("every topic") ? everyTopic.stream() : quoted(cell).stream();
        ResourceType type = cell.startsWith("groups")
                ? ResourceType.GROUP
                : cell.startsWith("transactional ids") ? ResourceType.TRANSACTIONAL_ID : ResourceType.TOPIC;
        PatternType pattern = cell.contains("with prefix") ? PatternType.PREFIXED : PatternType.LITERAL;
        return names.map(name -> new ResourcePattern(type, name, pattern)).toList();
    }

    private static List<String> quoted(String cell) {
        return QUOTED.matcher(cell)
                .results()
                .map(MatchResult::group)
                .map(name -> name.replace("`", ""))
                .toList();
    }

    @Override
    public String toString() {
        return operation + " on " + resource.resourceType() + " " + resource.name() + " for "
                + Arrays.toString(commands.toArray());
    }
}
