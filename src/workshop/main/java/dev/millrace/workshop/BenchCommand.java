package dev.millrace.workshop;

import dev.millrace.app.MillraceSettings;
import dev.millrace.bench.FreshnessBench;
import dev.millrace.bench.IndexBench;
import dev.millrace.bench.ScaleBench;
import dev.millrace.bench.StreamBench;
import dev.millrace.cli.Millrace;
import dev.millrace.cli.Processes;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.DataOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.evaluate.Figures;
import dev.millrace.model.engine.Engine;
import dev.millrace.replay.Pace;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Run a benchmark.",
        footer = "millrace bench index --items 100000 --output json")
final class BenchCommand {

    private static final int MOST_OF_A_KIND = 100_000_000;

    @Command(
            name = "index",
            mixinStandardHelpOptions = true,
            description =
                    "Time index searches: plain, with popularity, with filters, arranged, during updates, and two at a time.",
            footer = "millrace bench index --queries 100")
    int index(
            @Option(
                            names = "--items",
                            split = ",",
                            defaultValue = "100000,1000000",
                            description = "index sizes; each gets a table")
                    List<Integer> items,
            @Option(names = "--dim", defaultValue = "64", description = "width of a vector") int dim,
            @Option(names = "--k", defaultValue = "100", description = "items in an answer") int k,
            @Option(names = "--queries", defaultValue = "500", description = "queries per row and round") int queries,
            @Option(names = "--rounds", defaultValue = "5", description = "rounds; each measures every row") int rounds,
            @Mixin OutputOption output)
            throws IOException, InterruptedException {
        return run(output, "rows", report -> new IndexBench(k, queries, rounds, report).run(items, dim));
    }

    @Command(
            name = "freshness",
            mixinStandardHelpOptions = true,
            description = "Measure how soon clicks and new items change answers, with broker, trainer and server as"
                    + " processes on this machine.",
            footer = "millrace bench freshness --rate 500/s")
    int freshness(
            @Mixin ConfigOptions config,
            @Option(names = "--rate", defaultValue = "2000/s", description = "events of the generated shop")
                    String rate,
            @Option(
                            names = "--warm-up",
                            defaultValue = "120",
                            description = "warm-up seconds; the rate rises during the first half")
                    int warmUpSeconds,
            @Option(names = "--seconds", defaultValue = "120", description = "of the measurement") int seconds,
            @Option(names = "--queries", defaultValue = "50", description = "recall requests a second") int queries,
            @Mixin OutputOption output)
            throws IOException, InterruptedException {
        if (!(Pace.parse(rate) instanceof Pace.EventsPerSecond steady)) {
            throw OptionFaults.unusable("--rate", rate, "must be events a second, such as 2000/s");
        }
        OptionFaults.requireAtLeastOne("--warm-up", warmUpSeconds);
        OptionFaults.requireAtLeastOne("--seconds", seconds);
        OptionFaults.requireAtLeastOne("--queries", queries);
        Path directory = newDirectory("freshness", output);
        FreshnessBench.Plan plan = new FreshnessBench.Plan(
                steady, Duration.ofSeconds(warmUpSeconds), Duration.ofSeconds(seconds), queries);
        endOnSignal();
        return run(output, "seconds", report -> new FreshnessBench(
                        directory, launcher(directory), files(config), config.set, report)
                .run(plan));
    }

    @Command(
            name = "stream",
            mixinStandardHelpOptions = true,
            description =
                    "Measure the attribution's cost per event against a bare topology; the broker runs in the same"
                            + " process.",
            footer = "millrace bench stream --events 100000 --rounds 1")
    int stream(
            @Mixin ConfigOptions config,
            @Option(names = "--events", defaultValue = "400000", description = "exposures and clicks") long events,
            @Option(names = "--rounds", defaultValue = "3", description = "rounds; each runs both, in turn") int rounds,
            @Mixin OutputOption output)
            throws IOException, InterruptedException {
        OptionFaults.requireAtLeastOne("--events", events);
        OptionFaults.requireAtLeastOne("--rounds", rounds);
        Path directory = newDirectory("stream", output);
        return run(output, "rounds", report -> new StreamBench(directory, files(config), config.set, report)
                .run(events, rounds));
    }

    @Command(
            name = "scale",
            mixinStandardHelpOptions = true,
            description = "Time the phases of a learning step for different numbers of items and users, without Kafka."
                    + " Default: 1000,10000,100000,1000000 of each.",
            footer = "millrace bench scale --items 1000,10000 --users 1000 --steps 100")
    int scale(
            @Mixin ConfigOptions config,
            @Option(names = "--items", split = ",", description = "numbers of items") @Nullable List<Integer> items,
            @Option(names = "--users", split = ",", description = "numbers of users") @Nullable List<Integer> users,
            @Option(
                            names = "--beside",
                            defaultValue = "10000",
                            description = "number of users for the sizes of --items, and of items for those of --users")
                    int beside,
            @Option(names = "--steps", defaultValue = "400", description = "timed steps for each size") int steps,
            @Option(names = "--seconds", defaultValue = "60", description = "time limit for each size") int seconds,
            @Option(
                            names = "--wall",
                            description = "time by the wall clock, not by the CPU time of the learner's thread")
                    boolean isByWall,
            @Option(names = "--on-disk", description = "entries in RocksDB; on the heap, rows up to table.cache-bytes")
                    boolean isOnDisk,
            @Mixin OutputOption output)
            throws IOException, InterruptedException {
        List<Integer> byDefault =
                items == null && users == null ? List.of(1_000, 10_000, 100_000, 1_000_000) : List.of();
        List<Integer> byItems = Objects.requireNonNullElse(items, byDefault);
        List<Integer> byUsers = Objects.requireNonNullElse(users, byDefault);
        byItems.forEach(size -> OptionFaults.require("--items", size, 2, MOST_OF_A_KIND));
        byUsers.forEach(size -> OptionFaults.require("--users", size, 2, MOST_OF_A_KIND));
        OptionFaults.require("--beside", beside, 2, MOST_OF_A_KIND);
        OptionFaults.requireAtLeastOne("--steps", steps);
        OptionFaults.requireAtLeastOne("--seconds", seconds);
        MillraceSettings settings = config.settings();
        ScaleBench.Plan plan = new ScaleBench.Plan(
                steps,
                Duration.ofSeconds(seconds),
                isByWall,
                isOnDisk,
                settings.stream().stateMemoryBytes());
        List<ScaleBench.Size> sizes = Stream.concat(
                        byItems.stream().map(size -> new ScaleBench.Size(size, beside)),
                        byUsers.stream().map(size -> new ScaleBench.Size(beside, size)))
                .toList();
        return run(output, "sizes", report -> new ScaleBench(settings.trainer(), settings.trainerTexts(), plan, report)
                .run(sizes));
    }

    /** Interrupts this thread at a signal, so that no process of the benchmark stays behind. */
    private static void endOnSignal() {
        Thread main = Thread.currentThread();
        Processes.onSignal(main::interrupt);
    }

    private static List<Path> files(ConfigOptions config) {
        return config.config.isEmpty() ? List.of(DataOptions.shopFile()) : config.config;
    }

    private static int run(OutputOption output, String counted, ReportedRun bench)
            throws IOException, InterruptedException {
        ReportedRun described = report -> {
            Runtime machine = Runtime.getRuntime();
            report.add(new Figures()
                    .with("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"))
                    .with("maxHeapBytes", machine.maxMemory())
                    .with("cores", machine.availableProcessors())
                    .with(
                            "loadAverage",
                            ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
            try {
                bench.run(report);
            } catch (InterruptedException stopped) { // what it found until then is told
                report.stopped();
            }
        };
        described.run(output, counted, List.of());
        return 0;
    }

    /** Makes a new folder for the files of a benchmark, and prints its path. */
    private static Path newDirectory(String bench, OutputOption output) throws IOException {
        Path directory = Files.createTempDirectory("millrace-" + bench);
        output.notes().println("in " + directory);
        output.notes().flush();
        return directory;
    }

    /** Returns the command that runs this program in the same way as this process. */
    private static List<String> launcher(Path temporary) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (ModuleLayer.boot().findModule(Engine.VECTOR_API).isPresent()) {
            command.addAll(List.of("--add-modules", Engine.VECTOR_API));
        }
        command.addAll(List.of(
                "-Xmx" + (Runtime.getRuntime().maxMemory() >> 20) + "m",
                "-XX:+ExitOnOutOfMemoryError",
                "-Djava.io.tmpdir=" + temporary,
                "-cp",
                System.getProperty("java.class.path"),
                Millrace.class.getName()));
        return command;
    }
}
