package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.TopicNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AccessListTest {

    private static final String BEGIN =
            "kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal 'User:shop' ";

    @Test
    void theTableOfTheDocumentIsTheOneThatIsRead() throws IOException {
        assertThat(Files.readString(Path.of("docs/operations.md"))).contains("\n" + AccessRight.table() + "\n");
    }

    @Test
    void aProducerGetsWriteOnTheInputsUnderTheirOwnNames() {
        TopicNames names = names(Map.of("topic.clicks.name", "shop.clicks"));

        assertThat(new AccessList(names, "millrace").calls("kafka:9092", "User:shop", List.of("replay")))
                .containsExactly(
                        BEGIN + "--topic exposures --operation Write",
                        BEGIN + "--topic shop.clicks --operation Write",
                        BEGIN + "--topic users --operation Write",
                        BEGIN + "--topic items --operation Write");
    }

    @Test
    void aTrainerGetsWhatBeginsWithItsApplicationIdAndTheTopicOfVectorStores() {
        TopicNames names = names(Map.of("topic.vector-store.name", "vectors"));

        assertThat(new AccessList(names, "shop").calls("kafka:9092", "User:shop", List.of("train", "serve")))
                .contains(
                        BEGIN + "--topic exposures --operation Describe --operation DescribeConfigs --operation Read",
                        BEGIN + "--topic vectors --operation Describe --operation DescribeConfigs --operation Write",
                        BEGIN + "--resource-pattern-type prefixed --topic shop- --operation Create --operation Read"
                                + " --operation Write --operation DescribeConfigs",
                        BEGIN + "--resource-pattern-type prefixed --group shop- --operation Read",
                        BEGIN + "--resource-pattern-type prefixed --transactional-id shop- --operation Write"
                                + " --operation Describe",
                        BEGIN + "--topic __consumer_offsets --operation Read",
                        BEGIN + "--cluster --operation Alter")
                .doesNotHaveDuplicates();
    }

    @Test
    void aProgramGetsARowForEachResource() throws IOException {
        Commands commands = new Commands();
        String[] acls = {"topics", "acls", "--principal", "User:shop", "train", "--output", "json"};

        assertThat(commands.run(Map.of("topic.clicks.name", "shop.clicks"), acls))
                .isZero();

        assertThat(new ObjectMapper().readTree(commands.out()))
                .extracting(JsonNode::toString)
                .contains(
                        "{\"principal\":\"User:shop\",\"resource\":\"topic\",\"name\":\"shop.clicks\",\"pattern\":\"literal\","
                                + "\"operations\":[\"Describe\",\"DescribeConfigs\",\"Read\"]}",
                        "{\"principal\":\"User:shop\",\"resource\":\"transactional-id\",\"name\":\"millrace-\","
                                + "\"pattern\":\"prefixed\",\"operations\":[\"Write\"]}",
                        "{\"principal\":\"User:shop\",\"resource\":\"cluster\",\"name\":\"kafka-cluster\","
                                + "\"pattern\":\"literal\",\"operations\":[\"Alter\"]}");
    }

    @Test
    void aCommandThatNeedsNothingIsNamed() {
        AccessList list = new AccessList(names(Map.of()), "millrace");

        assertThatThrownBy(() -> list.calls("kafka:9092", "User:shop", List.of("train", "evaluate")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageStartingWith("COMMAND = evaluate: must be one of actions, dlq list, dlq replay");
    }

    private static TopicNames names(Map<String, String> given) {
        return TopicNames.read(new SettingsReader(given));
    }
}
