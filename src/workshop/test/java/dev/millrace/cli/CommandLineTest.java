package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.model.OtherWeights;
import dev.millrace.stream.TopologyShape;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What the command line refuses, and how. Nothing here gets as far as a broker. */
class CommandLineTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void foreignWeightsEndATrainer() {
        assertThat(Millrace.statusOf(OtherWeights.refused())).isEqualTo(2);
        assertThat(Millrace.said(OtherWeights.refused())).startsWith("the stored weights have the settings hash a, ");
    }

    /** An earlier build had no topic of neighbours. */
    @Test
    void anUpgradeIsToldWhatItChangesOfTheTopology(@TempDir Path directory) throws IOException {
        assertThat(run("topology", "--format", "json")).isZero();
        Path same = Files.writeString(directory.resolve("same.json"), out.toString());
        TopologyShape now = new ObjectMapper().readValue(out.toString(), TopologyShape.class);
        TopologyShape earlier = new TopologyShape(now.parts().stream()
                .filter(part -> !part.name().equals("to-item-neighbours"))
                .toList());
        Path before = directory.resolve("before.json");
        new ObjectMapper().writeValue(before.toFile(), earlier);
        out.getBuffer().setLength(0);

        assertThat(run("topology", "--since", same.toString())).isZero();
        assertThat(out.toString().strip()).isEqualTo("no difference");
        out.getBuffer().setLength(0);
        assertThat(run("topology", "--since", before.toString())).isEqualTo(1);
        assertThat(out.toString())
                .startsWith("+ sink to-item-neighbours of millrace-learn, sub-topology 0, topics item-neighbours");

        Path broken = Files.writeString(directory.resolve("broken.json"), "{\"parts\": 7}");
        assertThat(run("topology", "--since", broken.toString())).isEqualTo(2);
        assertThat(run("topology", "--since", "nowhere.json")).isEqualTo(2);
        assertThat(err.toString().lines())
                .containsExactly(
                        "--since = " + broken + ": must be a topology in the format that --format json prints",
                        "--since = nowhere.json: must be readable: java.nio.file.NoSuchFileException: nowhere.json");
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
    void aLogThatCannotBeIsRefusedByEveryCommand() {
        assertThat(Millrace.run(commandLine(), Map.of("MILLRACE_LOG_FORMAT", "xml"), "settings"))
                .isEqualTo(2);
        assertThat(err.toString().lines()).containsExactly("MILLRACE_LOG_FORMAT = xml: must be text or json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--version", "train --version", "model show -V"})
    void theVersionIsThatOfBuildKafkaAndJava(String asked) {
        assertThat(run(asked.split(" "))).isZero();

        assertThat(out.toString().lines())
                .satisfiesExactly(
                        build -> assertThat(build)
                                .matches("Millrace (\\d\\S*|unknown) \\(commit ([0-9a-f]{7,}|unknown)\\)"),
                        kafka -> assertThat(kafka).matches("Kafka \\d+\\.\\d+\\.\\d+"),
                        java -> assertThat(java).startsWith("Java " + System.getProperty("java.version") + " ("));
    }

    /** None of these gets as far as a broker: no broker is there, and the status would be another. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nothing | Unmatched argument at index 0: 'nothing'",
                "serve --prot 80 | --prot",
                "train --from memory | --from = memory: must be events or mini-batches",
                "replay --data somewhere | --format = absent: must be given together with --data",
                "replay --data somewhere --format orc | --format = orc: must be one of kuairand, movielens,",
                "replay --bootstrap-server 127.0.0.1:1 | --data = absent: must be given, unless --shop",
                "replay --shop --data somewhere --format csv | --shop = given: must not be given with --data",
                "demo --format csv --dir target/never-made | --data = absent: must be given together with --format",
                "dlq show --reason nonsense --bootstrap-server 127.0.0.1:1 | --reason = nonsense: must be one of",
                "transactions settle --force-abort a-0 --force-commit a-0 | --force-commit = a-0: must not be under",
                "topics create --command-config absent | --command-config = absent: must be a readable file",
                "model | Missing required subcommand",
                "topics | Missing required subcommand",
                "bench | Missing required subcommand",
                "topics create --set x | should be in KEY=VALUE format but was x",
                "topics create --set kafka.security.protocol=FOO | kafka.* = what was given: Invalid value FOO",
                "topics create --bootstrap-server nonsense | Invalid url in bootstrap.servers: nonsense",
                "demo --every 0 | --every = 0: must be at least 1",
                "demo --events 0 | --events = 0: must be at least 1",
                "demo --dir pom.xml | --dir = pom.xml: must be a new or an empty folder",
                "demo --speed fast | speed = fast: must be",
                "replay --speed fast | speed = fast: must be",
                "replay --events -5 | --events = -5: must be at least 1",
                "verify | verify = nothing: must name what to check",
                "verify --model --step 0 | --step = 0: must be at least 1",
                "verify --model --step x | 'x' is not a long",
                "explain --step -1 | --step = -1: must be at least 1",
                "broker --port 65536 | --port = 65536: must be from 0 to 65535",
                "bench scale --items 1000,1 | --items = 1: must be from 2 to 100000000",
                "bench scale --users x | 'x' is not an int",
                "bench scale --steps 0 | --steps = 0: must be at least 1",
                "bench scale --set batch.size=1 | batch.size = 1: must be",
                "model diff a b --k 0 | --k = 0: must be at least 1",
                "model diff a b --users 0 | --users = 0: must be at least 1",
                "model export | must have at least one of --out, --vectors, --onnx and --dl4j",
                "evaluate | --data = absent",
                "evaluate --mini-batches --frozen | --frozen = given: must not be given with --mini-batches",
                "evaluate --events 9 --mixture-clicks 0 | --mixture-clicks = 0: must be at least 1",
                "evaluate --events 9 --learn-every 0 | --learn-every = 0: must be at least 1",
            })
    void whatIsWrittenWrongIsStatus2AndOneMessage(String arguments, String message) {
        assertThat(run(arguments.split(" "))).isEqualTo(2);
        assertThat(err.toString()).contains(message).doesNotContain("\tat ");
    }

    @Test
    void aFileThatCannotBeReadOrWrittenIsStatus74(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "x");
        Path log = Files.writeString(
                directory.resolve("log.csv"),
                "user,item,time\nu,i,1650000000000\nu,j,1650000001000\nu,k,1650000002000\nu,l,1650000003000\n");
        Path mapping =
                Files.writeString(directory.resolve("mapping.properties"), "clicks.files = " + log.getFileName());
        Path broken = Files.write(directory.resolve("broken.csv"), new byte[] {0x1f, (byte) 0x8b, 8, 0});
        Path ofBroken = Files.writeString(directory.resolve("of-broken"), "clicks.files = " + broken.getFileName());

        assertThat(run("model", "show", "--in", directory.resolve("absent").toString()))
                .isEqualTo(74);
        assertThat(run("model", "show", "--in", file.toString())).isEqualTo(74);
        assertThat(run("broker", "--port", "0", "--dir", file.toString())).isEqualTo(74);
        assertThat(run("evaluate", "--format", "csv", "--data", ofBroken.toString()))
                .isEqualTo(74);
        assertThat(run("evaluate", "--format", "csv", "--data", mapping.toString(), "--report", file + "/report.md"))
                .isEqualTo(74);

        assertThat(err.toString().lines())
                .satisfiesExactly(
                        absent -> assertThat(absent).contains("absent cannot be used"),
                        none -> assertThat(none).contains("file cannot be used: at byte 0"),
                        folder -> assertThat(folder).endsWith("FileAlreadyExistsException: " + file),
                        zip -> assertThat(zip).startsWith("cannot read " + broken),
                        report -> assertThat(report).contains(file + "/report.md"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve --bootstrap-server 127.0.0.1:1 --set serve.port=",
                "ingest --bootstrap-server 127.0.0.1:1 --set ingest.port=",
                "demo --dir DIR/demo --set serve.port=",
                "broker --dir DIR/broker --port="
            })
    void aPortThatIsTakenIsNamedBeforeAnyBrokerIsAsked(String command, @TempDir Path directory) throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String call = command.replace("DIR", directory.toString()) + taken.getLocalPort();

            assertThat(run(call.split(" "))).isEqualTo(69);

            String option = call.substring(call.lastIndexOf(' ') + 1).replace("=", " = ");
            assertThat(err.toString().lines()).singleElement().satisfies(line -> assertThat(line)
                    .startsWith(option + ": must be free"));
            assertThat(directory).isEmptyDirectory();
        }
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
