package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.strimzi.api.kafka.model.topic.KafkaTopic;
import io.strimzi.api.kafka.model.user.KafkaUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StrimziManifestsTest {

    private static final Path SHIPPED = Path.of("config/k8s/components/strimzi/events.yaml");
    private static final String CALL = "# bin/millrace ";

    private final Commands commands = new Commands();

    @Test
    void theShippedManifestsAreWhatTheProgramPrints() throws IOException {
        String shipped = Files.readString(SHIPPED);
        String first = shipped.lines().findFirst().orElseThrow();
        assertThat(first).startsWith(CALL);

        // on a difference: run the command of the first line, and put what it prints below that line
        assertThat(commands.run(first.substring(CALL.length()).split(" ", -1))).isZero();
        assertThat(shipped).isEqualTo(first + "\n" + commands.out());
    }

    @Test
    void aTopicKeepsItsOwnNameWhereKubernetesHasNone() throws IOException {
        Map<String, String> settings =
                Map.of("topic.clicks.name", "Shop_Clicks", "topic.replicas", "3", "topic.partitions", "7");

        List<KafkaTopic> topics = printed(settings).all(KafkaTopic.class);

        KafkaTopic clicks = topics.get(1);
        assertThat(clicks.getMetadata().getName()).isEqualTo("shop-clicks");
        assertThat(clicks.getSpec().getTopicName()).isEqualTo("Shop_Clicks");
        assertThat(clicks.getSpec().getPartitions()).isEqualTo(7);
        assertThat(clicks.getSpec().getReplicas()).isEqualTo(3);
        assertThat(clicks.getSpec().getConfig()).isEqualTo(Map.of("retention.ms", -1));
        assertThat(topics.get(0).getSpec().getTopicName()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"train", "serve", "replay", "topics create", "verify --counts", "transactions settle"})
    void aUserHasTheRightsThatKafkaAclsGives(String command) throws IOException {
        Map<String, String> settings = Map.of("topic.clicks.name", "shop.clicks", "stream.application-id", "shop");
        commands.run(settings, "topics", "acls", "--principal", "User:one", command);
        Set<String> calls = commands.out()
                .lines()
                .map(line -> line.substring(line.indexOf("'User:one' ") + "'User:one' ".length()))
                .collect(Collectors.toCollection(TreeSet::new));

        List<KafkaUser> users = printed(settings, "--user", "one=" + command).all(KafkaUser.class);

        assertThat(users).hasSize(1);
        Set<String> rules = new TreeSet<>();
        new ObjectMapper()
                .valueToTree(users.get(0))
                .at("/spec/authorization/acls")
                .forEach(rule -> rules.add(call(rule)));
        assertThat(rules).isEqualTo(calls).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({"My_Kafka, one=train, --cluster", "events, One=train, --user", "events, one=evaluate, COMMAND"})
    void namesThatKubernetesRefusesAreRefused(String cluster, String user, String option) {
        assertThat(commands.run("topics", "strimzi", "--cluster", cluster, "--user", user))
                .isEqualTo(2);
        assertThat(commands.err()).startsWith(option + " = ");
    }

    private Manifests printed(Map<String, String> settings, String... more) throws IOException {
        List<String> call = new ArrayList<>(List.of("topics", "strimzi", "--cluster", "events"));
        call.addAll(List.of(more));
        assertThat(commands.run(settings, call.toArray(String[]::new)))
                .as(commands.err())
                .isZero();
        return Manifests.read(commands.out());
    }

    /** A rule as the options of {@code kafka-acls.sh}. */
    private static String call(JsonNode rule) {
        JsonNode resource = rule.path("resource");
        String type = resource.path("type").asText();
        StringBuilder call = new StringBuilder();
        if (resource.path("patternType").asText().equals("prefix")) {
            call.append("--resource-pattern-type prefixed ");
        }
        call.append("--").append(type.equals("transactionalId") ? "transactional-id" : type);
        if (resource.has("name")) {
            call.append(' ').append(resource.path("name").asText());
        }
        for (JsonNode operation : rule.path("operations")) {
            call.append(" --operation ").append(operation.asText());
        }
        return call.toString();
    }
}
