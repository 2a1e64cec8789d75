package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** What holds of every command, those of a group included. */
class EveryCommandTest {

    private static final int WIDTH = 80;

    /** Those that run until they are told to stop, and those whose text is a file for another program. */
    private static final List<String> RUNNING_OR_WRITING_A_FILE = List.of(
            "millrace broker",
            "millrace completion",
            "millrace demo",
            "millrace ingest",
            "millrace map",
            "millrace serve",
            "millrace topics strimzi",
            "millrace topology", // has --format
            "millrace train");

    static List<String> commands() {
        return all(Millrace.commandLine())
                .map(command -> command.getCommandSpec().qualifiedName())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void itsHelpEndsWithExamplesThatItTakes(String name) {
        List<String> examples = examples(name);

        assertThat(examples).isNotEmpty().allSatisfy(example -> {
            assertThat(example).startsWith(name.equals("millrace") ? "millrace " : name);
            List<String> words = words(example);
            assertThatCode(() -> Millrace.commandLine()
                            .parseArgs(words.subList(1, words.size()).toArray(String[]::new)))
                    .doesNotThrowAnyException();
        });
    }

    @Test
    void itTakesTheFormOfItsOutput() {
        assertThat(without("--output")).containsExactlyInAnyOrderElementsOf(RUNNING_OR_WRITING_A_FILE);
    }

    private static List<String> without(String option) {
        return all(Millrace.commandLine())
                .filter(command -> command.getSubcommands().isEmpty())
                .filter(command -> command.getCommandSpec().findOption(option) == null)
                .map(command -> command.getCommandSpec().qualifiedName())
                .toList();
    }

    /** Bash is asked as it asks the script itself, for what may follow the name of the program. */
    @Test
    void theShellKnowsEachOfThemByTheScriptThatIsPrinted(@TempDir Path directory) throws Exception {
        Commands commands = new Commands();
        assertThat(commands.run("completion")).isZero();
        Path script = Files.writeString(directory.resolve("completion"), commands.out());

        List<CommandLine> groups = all(Millrace.commandLine())
                .filter(command -> !command.getSubcommands().isEmpty())
                .toList();
        for (CommandLine group : groups) {
            String name = group.getCommandSpec().qualifiedName();
            assertThat(completed(script, name))
                    .as(name)
                    .contains(group.getSubcommands().keySet().toArray(String[]::new));
        }
        assertThat(completed(script, "millrace doctor --ou")).containsExactly("--output");
        assertThat(completed(script, "millrace doctor --output")).contains("text", "json");
    }

    private static Stream<CommandLine> all(CommandLine command) {
        return Stream.concat(
                Stream.of(command), command.getSubcommands().values().stream().flatMap(EveryCommandTest::all));
    }

    /** The examples at the end of a command's help, each as one line. */
    private static List<String> examples(String name) {
        Commands commands = new Commands();
        List<String> asked = new ArrayList<>(List.of(name.split(" ")));
        asked.add("--help");
        assertThat(commands.run(asked.subList(1, asked.size()).toArray(String[]::new)))
                .isZero();
        String[] parts = commands.out().split("\nExamples:\n", -1);
        assertThat(parts).as(commands.out()).hasSize(2);
        assertThat(parts[1].lines())
                .allSatisfy(line -> assertThat(line).startsWith("  ").hasSizeLessThan(WIDTH));
        return parts[1].replaceAll(" \\\\\n +", " ").lines().map(String::strip).toList();
    }

    /** As a shell would divide them, up to where it takes the output. */
    private static List<String> words(String example) {
        Matcher words = Pattern.compile("'([^']*)'|(\\S+)").matcher(example.replaceAll(" >.*", ""));
        return words.results()
                .map(word -> word.group(1) == null ? word.group(2) : word.group(1))
                .toList();
    }

    /** What bash offers at the end of a line; after a whole word, for the next one. */
    private static List<String> completed(Path script, String line) throws IOException, InterruptedException {
        boolean isWhole = !line.endsWith("--ou");
        String words = Stream.of(line.split(" ")).map(word -> "'" + word + "'").collect(Collectors.joining(" "));
        Process bash = new ProcessBuilder(
                        "bash",
                        "-c",
                        "source " + script + "; COMP_WORDS=(" + words + (isWhole ? " ''" : "")
                                + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _complete_millrace; printf '%s\\n' \"${COMPREPLY[@]}\"")
                .redirectError(ProcessBuilder.Redirect.DISCARD) // compopt works in a shell that completes alone
                .start();
        String said = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(bash.waitFor()).as(said).isZero();
        return said.lines().toList();
    }
}
