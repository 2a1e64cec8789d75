package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.MillraceSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Doctor compares the rules of a broker with Kafka's own authoriser. */
class PrincipalAccessIT {

    private static final String[] TRAINER_AND_SERVER = {"User:p0=train", "User:p1=serve"};

    private final Commands commands = new Commands();
    private final List<String> topics = MillraceSettings.load(List.of(), Map.of(), Map.of(), Map.of())
            .topics()
            .names()
            .all();

    @Test
    void whatAPrincipalLacksAndWhatItHasBeyondIsFoundAndMended(@TempDir Path directory) throws Exception {
        try (Grants grants = new Grants(directory, topics)) {
            grants.exactly("train"); // p0
            grants.of( // p1
                    "serve",
                    right -> right.operation() != AclOperation.READ
                            || !right.resource().name().equals("generations"));
            Map<String, String> doctor = grants.exactly("doctor");

            List<JsonNode> found = principals(doctor, TRAINER_AND_SERVER);
            assertThat(found)
                    .extracting(one -> one.path("what").asText())
                    .containsExactly(
                            "User:p0 has the rights of train, and no others",
                            "User:p1 lacks READ on topic generations, needed for serve");
            grants.add(PrintedAcls.bindings(found.get(1).path("command").asText()));
            assertThat(principals(doctor, TRAINER_AND_SERVER))
                    .extracting(one -> one.path("status").asText())
                    .containsExactly("ok", "ok");

            assertThat(principals(doctor, "User:CN=absent,O=shop=replay"))
                    .extracting(one -> one.path("what").asText())
                    .containsExactly("User:CN=absent,O=shop has none of the rights of replay");

            grants.add(List.of(
                    rule("mini-", PatternType.PREFIXED, "User:p0", AclOperation.WRITE, AclPermissionType.DENY),
                    rule("*", PatternType.LITERAL, "User:*", AclOperation.DESCRIBE, AclPermissionType.ALLOW)));
            assertThat(principals(doctor, TRAINER_AND_SERVER))
                    .extracting(one ->
                            one.path("status").asText() + " " + one.path("what").asText())
                    .containsExactly(
                            "fail User:p0 is denied WRITE on topic mini-batches, needed for train, by a rule for User:p0:"
                                    + " WRITE on topics with prefix mini-",
                            "warn User:p0 may DESCRIBE on every topic by a rule for User:*, beyond least privilege: more"
                                    + " than needed for train",
                            "warn User:p1 may DESCRIBE on every topic by a rule for User:*, beyond least privilege: more"
                                    + " than needed for serve");

            assertThat(principals(
                            grants.of("doctor", right -> right.resource().resourceType() != ResourceType.CLUSTER),
                            TRAINER_AND_SERVER))
                    .extracting(one ->
                            one.path("status").asText() + " " + one.path("what").asText())
                    .singleElement()
                    .asString()
                    .startsWith("warn not checked: the cluster does not allow DESCRIBE on the cluster;");
        }
    }

    private List<JsonNode> principals(Map<String, String> doctor, String... named) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("doctor", "--output", "json"));
        for (String one : named) {
            arguments.addAll(List.of("--principal", one));
        }
        commands.run(doctor, arguments.toArray(String[]::new));
        List<JsonNode> found = new ArrayList<>();
        new ObjectMapper().readTree(commands.out()).forEach(found::add);
        return found.stream()
                .filter(one -> one.path("check").asText().equals("principals"))
                .toList();
    }

    private static AclBinding rule(
            String topic, PatternType pattern, String principal, AclOperation operation, AclPermissionType permission) {
        return new AclBinding(
                new ResourcePattern(ResourceType.TOPIC, topic, pattern),
                new AccessControlEntry(principal, "*", operation, permission));
    }
}
