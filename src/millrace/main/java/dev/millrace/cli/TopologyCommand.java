package dev.millrace.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.TrainProcess;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.LearnerOption;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.stream.TopologyShape;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "topology",
        mixinStandardHelpOptions = true,
        description = {
            "Print the nodes, stores and topics of the trainer's applications, or how they differ from another"
                    + " build's. Needs no cluster.",
            "Exits with 1 if --since is given and anything differs."
        },
        footer = {"millrace topology", "millrace topology --since http://localhost:8081/topology"})
final class TopologyCommand implements Callable<Integer> {

    /** How a topology is printed. */
    enum Format {
        text,
        json
    }

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Mixin
    LearnerOption learner = new LearnerOption();

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "text or json; default: text")
    Format format = Format.text;

    @Option(
            names = "--since",
            paramLabel = "FILE|URL",
            description = "compare with this topology of another build: a file of --format json, or a running trainer's"
                    + " /topology")
    @Nullable
    String since;

    @Override
    public Integer call() {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        TopologyShape shape = TrainProcess.shape(config.settings(), learner.source());
        int status = 0;
        if (since == null) {
            out.print(printed(shape));
        } else {
            List<String> changes = shape.changesSince(read(since));
            changes.forEach(out::println);
            if (changes.isEmpty()) {
                out.println("no difference");
            }
            status = changes.isEmpty() ? 0 : 1;
        }
        out.flush();
        return status;
    }

    private String printed(TopologyShape shape) {
        return switch (format) {
            case text ->
                shape.parts().stream()
                        .map(part -> part.text() + System.lineSeparator())
                        .collect(Collectors.joining());
            case json -> new ObjectMapper().<JsonNode>valueToTree(shape).toPrettyString() + System.lineSeparator();
        };
    }

    private static TopologyShape read(String from) {
        try (InputStream in = from.toLowerCase(Locale.ROOT).matches("https?://.*")
                ? URI.create(from).toURL().openStream()
                : Files.newInputStream(Path.of(from))) {
            return new ObjectMapper().readValue(in, TopologyShape.class);
        } catch (JsonProcessingException notOne) {
            throw OptionFaults.unusable("--since", from, "must be a topology in the format that --format json prints");
        } catch (IOException unreadable) {
            throw OptionFaults.unusable("--since", from, "must be readable: " + unreadable);
        }
    }
}
