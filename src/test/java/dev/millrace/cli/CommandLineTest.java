package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What the command line refuses, and how. Nothing here gets as far as a broker. */
class CommandLineTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void aDataSetWithoutItsFormatIsRefused() {
        assertThat(run("replay", "--data", "somewhere")).isEqualTo(2);
        assertThat(err.toString().lines()).containsExactly("--format = absent: must be given together with --data");
    }

    @Test
    void aFormatWithoutADataSetIsRefused() {
        assertThat(run("demo", "--format", "csv", "--dir", "target/never-made")).isEqualTo(2);
        assertThat(err.toString().lines()).containsExactly("--data = absent: must be given together with --format");
    }

    @Test
    void anUnknownFormatIsToldTheKnownOnes() {
        assertThat(run("replay", "--data", "somewhere", "--format", "parquet")).isEqualTo(2);
        assertThat(err.toString().lines())
                .containsExactly("--format = parquet: must be kuairand, movielens, yidian, csv or jsonl");
    }

    @Test
    void aTrainerLearnsFromEventsOrFromTheLogAndNothingElse() {
        assertThat(run("train", "--from", "memory")).isEqualTo(2);
        assertThat(err.toString().lines()).containsExactly("--from = memory: must be events or mini-batches");
    }

    @Test
    void everyFaultIsALineOfItsOwn() {
        assertThat(run("topics", "create", "--set", "serve.port=x", "--set", "batch.size=1"))
                .isEqualTo(2);
        assertThat(err.toString().lines())
                .hasSize(2)
                .anySatisfy(line -> assertThat(line).startsWith("serve.port = x: must be "))
                .anySatisfy(line -> assertThat(line).startsWith("batch.size = 1: must be "));
    }

    @Test
    void propertiesForKafkasClientsMustBeReadable(@TempDir Path directory) {
        Path absent = directory.resolve("client.properties");

        assertThat(run("topics", "create", "--command-config", absent.toString()))
                .isEqualTo(2);
        assertThat(err.toString().lines())
                .containsExactly("--command-config = " + absent + ": must be a readable file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"topics", "bench"})
    void aGroupOfCommandsAsksForOneOfThem(String group) {
        assertThat(run(group)).isEqualTo(2);
        assertThat(err.toString()).contains(group + ": name what ");
    }

    @Test
    void anUnknownOptionIsRefused() {
        assertThat(run("serve", "--prot", "80")).isEqualTo(2);
        assertThat(err.toString()).contains("--prot");
    }

    @Test
    void aLogThatCannotBeIsRefusedByEveryCommand() {
        assertThat(Millrace.run(commandLine(), Map.of("MILLRACE_LOG_FORMAT", "xml"), "settings"))
                .isEqualTo(2);
        assertThat(err.toString().lines()).containsExactly("MILLRACE_LOG_FORMAT = xml: must be text or json");
    }

    @Test
    void helpNamesEveryCommand() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString())
                .contains(
                        "demo",
                        "topics",
                        "train",
                        "serve",
                        "replay",
                        "broker",
                        "evaluate",
                        "bench",
                        "settings",
                        "verify",
                        "explain");
    }

    private int run(String... arguments) {
        return Millrace.run(commandLine(), Map.of(), arguments);
    }

    private CommandLine commandLine() {
        CommandLine commandLine = Millrace.commandLine();
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(err, true));
        return commandLine;
    }
}
