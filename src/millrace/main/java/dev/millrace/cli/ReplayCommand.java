package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ReplayRun;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.DataOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.replay.BadRow;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.Pace;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EventProducer;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        description = "Send a recorded data set, or the generated shop, to the input topics.",
        footer = {
            "millrace replay --shop --bootstrap-server kafka:9092 --speed 500/s",
            "millrace replay --data ml-100k --format movielens --speed max"
        })
final class ReplayCommand implements Callable<Integer> {

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Mixin
    DataOptions data = new DataOptions();

    @Option(
            names = "--shop",
            description = "send the events of the generated shop, which never ends, instead of a data set")
    boolean isShop;

    @Option(
            names = "--speed",
            paramLabel = "PACE",
            defaultValue = "max",
            description = "speed: max, a multiple of real time such as 60, or events a second such as 500/s")
    String speed = "max";

    @Option(names = "--events", paramLabel = "N", description = "stop after N exposures and clicks")
    @Nullable
    Long events;

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() throws InterruptedException {
        Pace pace = Pace.parse(speed);
        OptionFaults.requireAtLeastOne("--events", events == null ? 1 : events);
        if (isShop && !data.isGenerated()) {
            throw OptionFaults.unusable("--shop", "given", "must not be given with --data");
        }
        if (!isShop && data.isGenerated()) { // made-up events among real ones would be there for good
            throw OptionFaults.unusable("--data", "absent", "must be given, unless --shop selects the generated shop");
        }
        MillraceSettings settings = data.settings(config, Map.of());
        Clusters.topics(settings).checkInputs();
        DataSet dataSet = data.open(settings);
        DataOptions.sayEmptyColumns(dataSet, output.err());
        Cluster cluster = settings.cluster();
        long most = events == null ? Long.MAX_VALUE : events;
        AtomicLong sent = new AtomicLong();
        ReplayRun replay;
        try (EventProducer producer = new EventProducer(cluster.clients(), cluster.topics(), cluster.wire());
                ProgressLine line = output.progress("sent")) {
            long all = line.isShown() && !isShop ? interactions(dataSet, most) : most;
            replay = new ReplayRun(
                    watched(dataSet, () -> line.reached(sent.incrementAndGet(), all)),
                    pace,
                    most,
                    bad -> System.err.println("row skipped: " + bad));
            replay.run(producer, InstantSource.system());
        }
        output.write(
                replay.sent().entrySet().stream()
                        .map(sentTo -> Row.of("topic", sentTo.getKey().label()).with("sent", sentTo.getValue()))
                        .toList(),
                "nothing was sent");
        return 0;
    }

    /** How many exposures and clicks there are, if fewer than the most. Reads them all: what a bar with the time left costs. */
    private static long interactions(DataSet dataSet, long most) {
        try (Stream<ReplayEvent> all = dataSet.events(bad -> {})) {
            return all.filter(ReplayEvent::isInteraction).limit(most).count();
        }
    }

    /** @param each is told of each exposure and click that is taken */
    private static DataSet watched(DataSet dataSet, Runnable each) {
        return new DataSet() {
            @Override
            public boolean hasExposures() {
                return dataSet.hasExposures();
            }

            @Override
            public Stream<ReplayEvent> events(Consumer<? super BadRow> badRows) {
                return dataSet.events(badRows).peek(event -> {
                    if (event.isInteraction()) {
                        each.run();
                    }
                });
            }
        };
    }
}
