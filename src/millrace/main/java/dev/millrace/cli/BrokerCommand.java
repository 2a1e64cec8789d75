package dev.millrace.cli;

import dev.millrace.cli.option.OptionFaults;
import dev.millrace.serve.HttpSetup;
import dev.millrace.topic.EmbeddedBroker;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "broker",
        mixinStandardHelpOptions = true,
        description = "Run the embedded Kafka broker alone, on the loopback address, until stopped.",
        footer = "millrace broker --port 9092 --dir broker")
final class BrokerCommand implements Callable<Integer> {

    @Spec
    @Nullable
    CommandSpec spec;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = ".millrace/broker",
            description = "folder for the broker's data; default: ${DEFAULT-VALUE}")
    Path directory = Path.of(".millrace/broker");

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "9092",
            description = "port to listen on, 0 for any free one; default: ${DEFAULT-VALUE}")
    int port = 9092;

    @Option(
            names = "--property",
            paramLabel = "KEY=VALUE",
            description = "a property of Kafka's broker, may be repeated")
    Map<String, String> properties = Map.of();

    @Option(
            names = "--detour",
            hidden = true,
            paramLabel = "PORT=HOST:PORT",
            description = "also listen on PORT, and advertise HOST:PORT to clients that connect there: the address of a"
                    + " proxy in front of PORT")
    Map<Integer, String> detour = Map.of();

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        OptionFaults.require("--port", port, 0, 65_535);
        HttpSetup.requireFree("--port", "127.0.0.1", port);
        Optional<EmbeddedBroker.Detour> by = detour.entrySet().stream()
                .map(one -> new EmbeddedBroker.Detour(one.getKey(), one.getValue()))
                .findFirst();
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, port, by, properties)) {
            out.println("broker " + broker.bootstrapServers() + ", data in "
                    + directory.toAbsolutePath().normalize());
            out.flush();
            Processes.stopOnSignal().await();
        }
        return 0;
    }
}
