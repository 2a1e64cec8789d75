package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.TopicNames;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class AccessListTest {

    private static final String BEGIN =
            "kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal 'User:shop' ";

    private static final List<String> UNLISTED = List.of(
            "topics acls", // these print what follows from settings
            "topics strimzi",
            "topology",
            "bench scale",
            "demo", // these run a broker of their own
            "bench freshness",
            "bench stream",
            "init"); // reads a topic of any name, which the table cannot have: docs/access.md says so

    static Stream<String> listed() {
        return AccessRight.all().stream().map(AccessRight::command).distinct();
    }

    @ParameterizedTest
    @MethodSource("listed")
    void theCallsGiveACommandTheRightsOfTheTableAndNoOthers(String command) {
        TopicNames names = names(Map.of());

        assertThat(new AccessList(names, "millrace", List.of(AccessRights.MAPPED))
                        .calls("kafka:9092", "User:shop", List.of(command)).stream()
                                .flatMap(call -> PrintedAcls.bindings(call).stream()))
                .containsExactlyInAnyOrderElementsOf(AccessRights.documented(names.all()).stream()
                        .filter(right -> right.command().equals(command))
                        .map(right -> right.of("shop"))
                        .distinct()
                        .toList());
    }

    @Test
    void rightsAreOnTheNamesOfTheSettings() {
        TopicNames names = names(Map.of("topic.clicks.name", "shop.clicks", "topic.vector-store.name", "vectors"));

        assertThat(new AccessList(names, "shop", List.of()).calls("kafka:9092", "User:shop", List.of("train", "serve")))
                .contains(
                        BEGIN + "--topic shop.clicks --operation Describe --operation DescribeConfigs --operation Read"
                                + " --operation Write", // for states of experiments
                        BEGIN + "--topic vectors --operation Describe --operation DescribeConfigs --operation Write"
                                + " --operation Read", // for ends of transactions
                        BEGIN + "--resource-pattern-type prefixed --group shop- --operation Read")
                .doesNotHaveDuplicates();
        // transactions are on all that trainers write, the topic of vector stores among them
        String read = BEGIN + "--topic vectors --operation Read";
        AccessList list = new AccessList(names, "shop", List.of());
        assertThat(list.calls("kafka:9092", "User:shop", List.of("transactions list")))
                .contains(read);
        assertThat(list.calls("kafka:9092", "User:shop", List.of("verify --model")))
                .doesNotContain(read);
    }

    @Test
    void aProgramGetsARowForEachResource() throws IOException {
        Commands commands = new Commands();
        String[] acls = {"topics", "acls", "--principal", "User:shop", "train", "--output", "json"};

        assertThat(commands.run(Map.of("topic.clicks.name", "shop.clicks"), acls))
                .isZero();

        assertThat(new ObjectMapper().readTree(commands.out()))
                .extracting(row -> row.path("resource").asText() + " "
                        + row.path("name").asText() + " " + row.path("pattern").asText() + " " + row.path("operations"))
                .contains(
                        "topic shop.clicks literal [\"Describe\",\"DescribeConfigs\",\"Read\"]",
                        "transactional-id millrace- prefixed [\"Write\"]",
                        "cluster kafka-cluster literal [\"Alter\"]");
    }

    @Test
    void aCommandThatNeedsNothingIsNamed() {
        AccessList list = new AccessList(names(Map.of()), "millrace", List.of());

        assertThatThrownBy(() -> list.calls("kafka:9092", "User:shop", List.of("train", "evaluate")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageStartingWith("COMMAND = evaluate: must be one of actions, dlq list, dlq replay");
    }

    @Test
    void everyCommandThatTakesABrokerIsListed() {
        Set<String> listed =
                AccessRight.all().stream().map(AccessRight::command).collect(Collectors.toSet());
        List<String> taking = leaves(Millrace.commandLine())
                .filter(command -> command.getCommandSpec().optionsMap().containsKey("--bootstrap-server"))
                .map(AccessListTest::name)
                .toList();

        assertThat(taking)
                .filteredOn(name -> listed.stream().noneMatch(row -> isOf(row, name)))
                .containsExactlyInAnyOrderElementsOf(UNLISTED);
        assertThat(listed).allSatisfy(row -> assertThat(taking).anyMatch(name -> isOf(row, name)));
    }

    private static Stream<CommandLine> leaves(CommandLine command) {
        return command.getSubcommands().isEmpty()
                ? Stream.of(command)
                : command.getSubcommands().values().stream().flatMap(AccessListTest::leaves);
    }

    private static String name(CommandLine command) {
        return command.getCommandSpec().qualifiedName().replaceFirst("^millrace ", "");
    }

    /** Whether a row is of a command, or of some way to use it. */
    private static boolean isOf(String row, String command) {
        return row.equals(command) || row.startsWith(command + " --");
    }

    private static TopicNames names(Map<String, String> given) {
        return TopicNames.read(new SettingsReader(given));
    }
}
