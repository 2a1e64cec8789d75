package dev.millrace.cli;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.Resource;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** What {@code kafka-acls.sh} would do of the calls that {@code millrace topics acls} prints. */
final class PrintedAcls {

    private String principal = "";
    private PatternType pattern = PatternType.LITERAL;
    private ResourceType type = ResourceType.UNKNOWN;
    private String name = "";
    private final List<AclOperation> operations = new ArrayList<>();

    private PrintedAcls(String call) {
        Iterator<String> words = List.of(call.split(" ", -1)).iterator();
        if (!words.next().equals("kafka-acls.sh")) {
            throw new AssertionError("no call of kafka-acls.sh: " + call);
        }
        while (words.hasNext()) {
            String option = words.next();
            switch (option) {
                case "--add" -> {}
                case "--bootstrap-server" -> words.next();
                case "--allow-principal" -> principal = words.next().replace("'", "");
                case "--resource-pattern-type" ->
                    pattern = PatternType.valueOf(words.next().toUpperCase(Locale.ROOT));
                case "--topic" -> on(ResourceType.TOPIC, words.next());
                case "--group" -> on(ResourceType.GROUP, words.next());
                case "--transactional-id" -> on(ResourceType.TRANSACTIONAL_ID, words.next());
                case "--cluster" -> on(ResourceType.CLUSTER, Resource.CLUSTER_NAME);
                case "--operation" -> operations.add(operation(words.next()));
                default -> throw new AssertionError("no option of kafka-acls.sh: " + option);
            }
        }
    }

    static List<AclBinding> bindings(String call) {
        PrintedAcls printed = new PrintedAcls(call);
        return printed.operations.stream()
                .map(operation -> new AclBinding(
                        new ResourcePattern(printed.type, printed.name, printed.pattern),
                        new AccessControlEntry(printed.principal, "*", operation, AclPermissionType.ALLOW)))
                .toList();
    }

    /** The tool knows {@code DescribeConfigs}, and not {@code DESCRIBE_CONFIGS}. */
    private static AclOperation operation(String word) {
        if (!word.matches("([A-Z][a-z]+)+")) {
            throw new AssertionError("no operation of kafka-acls.sh: " + word);
        }
        return AclOperation.valueOf(word.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT));
    }

    private void on(ResourceType resource, String named) {
        type = resource;
        name = named;
    }
}
