package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ReplayRun;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.DataOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.replay.Pace;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EventProducer;
import java.io.PrintWriter;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        description = "Send a recorded data set, or the generated shop, to the input topics.")
final class ReplayCommand implements Callable<Integer> {

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Mixin
    DataOptions data = new DataOptions();

    @Option(
            names = "--speed",
            paramLabel = "PACE",
            defaultValue = "max",
            description = "speed: max, a multiple of real time such as 60, or events a second such as 500/s")
    String speed = "max";

    @Option(names = "--events", paramLabel = "N", description = "stop after N exposures and clicks")
    @Nullable
    Long events;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        Pace pace = Pace.parse(speed);
        OptionFaults.requireAtLeastOne("--events", events == null ? 1 : events);
        MillraceSettings settings = data.settings(config, Map.of());
        Clusters.topics(settings).checkInputs();
        Cluster cluster = settings.cluster();
        ReplayRun replay = new ReplayRun(
                data.open(settings),
                pace,
                events == null ? Long.MAX_VALUE : events,
                bad -> System.err.println("row not used: " + bad));
        try (EventProducer producer = new EventProducer(cluster.clients(), cluster.topics(), cluster.wire())) {
            replay.run(producer, InstantSource.system());
        }
        replay.sent().forEach((topic, count) -> out.printf("%-10s %,d sent%n", topic, count));
        out.flush();
        return 0;
    }
}
