package dev.millrace.workshop;

import dev.millrace.app.MillraceSettings;
import dev.millrace.bench.ColdStartBench;
import dev.millrace.bench.FreshnessBench;
import dev.millrace.bench.IndexBench;
import dev.millrace.bench.KernelBench;
import dev.millrace.bench.PopularityBench;
import dev.millrace.bench.RecoveryBench;
import dev.millrace.bench.ScaleBench;
import dev.millrace.bench.StreamBench;
import dev.millrace.cli.Millrace;
import dev.millrace.cli.Processes;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.DataOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.model.engine.Team;
import dev.millrace.replay.Pace;
import dev.millrace.settings.SettingsReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Run a benchmark.",
        footer = {"millrace bench kernel", "millrace bench index --items 100000 --output json"})
final class BenchCommand implements Runnable {

    private static final int MOST_OF_A_KIND = 100_000_000;

    @Spec
    @Nullable
    CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(commandLine(), "bench: name what to measure, such as bench kernel");
    }

    @Command(
            name = "kernel",
            mixinStandardHelpOptions = true,
            description = "Time a learning step of a large model on drawn inputs.",
            footer = "millrace bench kernel --batches 256 --threads 2")
    int kernel(
            @Option(names = "--batches", split = ",", defaultValue = "256,512,1024", description = "batch sizes")
                    List<Integer> batches,
            @Option(names = "--steps", defaultValue = "300", description = "timed steps for each batch size") int steps,
            @Option(names = "--engine", defaultValue = "vector", description = "vector or nd4j") String engine,
            @Option(names = "--threads", defaultValue = "1", description = "threads that share a step") int threads,
            @Mixin BenchOptions options)
            throws IOException, InterruptedException {
        try (StepEngine shared = new StepEngine(engine(engine), new Team("learn", threads), Team.alone())) {
            options.run(commandLine(), "batch sizes", report -> new KernelBench(shared).run(report, batches, steps));
        }
        return 0;
    }

    @Command(
            name = "popularity",
            mixinStandardHelpOptions = true,
            description =
                    "Compare estimates of popularity with the true popularity, on streams with and without drift.",
            footer = "millrace bench popularity --batches 128")
    int popularity(
            @Option(names = "--batches", split = ",", defaultValue = "128,1024", description = "batch sizes")
                    List<Integer> batches,
            @Mixin BenchOptions options)
            throws IOException, InterruptedException {
        options.run(commandLine(), "estimates", report -> PopularityBench.run(report, batches));
        return 0;
    }

    @Command(
            name = "index",
            mixinStandardHelpOptions = true,
            description =
                    "Time searches of the index: alone, with popularity, with filters, beside updates, two at once.",
            footer = "millrace bench index --queries 100")
    int index(
            @Option(
                            names = "--items",
                            split = ",",
                            defaultValue = "100000,1000000",
                            description = "items in the index, a table for each")
                    List<Integer> items,
            @Option(names = "--dim", defaultValue = "64", description = "width of a vector") int dim,
            @Option(names = "--k", defaultValue = "100", description = "items in an answer") int k,
            @Option(names = "--queries", defaultValue = "500", description = "queries of a row in a round") int queries,
            @Option(names = "--rounds", defaultValue = "5", description = "rounds; each measures every row") int rounds,
            @Mixin BenchOptions options)
            throws IOException, InterruptedException {
        options.run(commandLine(), "rows", report -> new IndexBench(k, queries, rounds, report).run(items, dim));
        return 0;
    }

    @Command(
            name = "cold-start",
            mixinStandardHelpOptions = true,
            description = "Time the start of a server on a topic of many vectors, with the broker in the same process.",
            footer = "millrace bench cold-start --items 100000")
    int coldStart(
            @Option(names = "--items", defaultValue = "1000000", description = "vectors in the topic") int items,
            @Option(names = "--dim", defaultValue = "64", description = "width of a vector") int dim,
            @Option(names = "--rounds", defaultValue = "3", description = "number of starts") int rounds,
            @Mixin BenchOptions options)
            throws IOException, InterruptedException {
        Path directory = newDirectory("cold-start", options);
        options.run(commandLine(), "starts", report -> new ColdStartBench(directory, report).run(items, dim, rounds));
        return 0;
    }

    @Command(
            name = "recovery",
            mixinStandardHelpOptions = true,
            description = "Time the recovery of a learner after SIGKILL, on a store of many rows.",
            footer = "millrace bench recovery --rows 100000 --rounds 1")
    int recovery(
            @Option(names = "--rows", defaultValue = "1000000", description = "users; each has one row") int rows,
            @Option(names = "--rounds", defaultValue = "3", description = "number of kills") int rounds,
            @Mixin BenchOptions options)
            throws IOException, InterruptedException {
        OptionFaults.requireAtLeastOne("--rows", rows);
        OptionFaults.requireAtLeastOne("--rounds", rounds);
        Path directory = newDirectory("recovery", options);
        endOnSignal();
        options.run(
                commandLine(), "rounds", orStopped(report -> new RecoveryBench(directory, launcher(directory), report)
                        .run(rows, rounds)));
        return 0;
    }

    @Command(
            name = "freshness",
            mixinStandardHelpOptions = true,
            description = "Measure how soon clicks and new items change the answers. Broker, trainer and server are"
                    + " processes on this machine.",
            footer = "millrace bench freshness --rate 500/s")
    int freshness(
            @Mixin ConfigOptions config,
            @Option(
                            names = "--rate",
                            paramLabel = "RATE",
                            defaultValue = "2000/s",
                            description = "exposures and clicks a second, from the generated shop")
                    String rate,
            @Option(
                            names = "--warm-up",
                            paramLabel = "SECONDS",
                            defaultValue = "120",
                            description = "seconds before the measurement, in the first half of which the rate rises")
                    int warmUpSeconds,
            @Option(
                            names = "--seconds",
                            paramLabel = "SECONDS",
                            defaultValue = "120",
                            description = "seconds of the measurement")
                    int seconds,
            @Option(
                            names = "--queries",
                            paramLabel = "N",
                            defaultValue = "50",
                            description = "recall requests a second during the measurement")
                    int queries,
            @Mixin BenchOptions options)
            throws IOException, InterruptedException {
        if (!(Pace.parse(rate) instanceof Pace.EventsPerSecond steady)) {
            throw OptionFaults.unusable("--rate", rate, "must be events a second, such as 2000/s");
        }
        if (seconds < 1 || warmUpSeconds < 1 || queries < 1) {
            throw OptionFaults.unusable(
                    "--seconds, --warm-up, --queries",
                    seconds + ", " + warmUpSeconds + ", " + queries,
                    "must be at least 1");
        }
        Path directory = newDirectory("freshness", options);
        List<Path> files = config.config.isEmpty() ? List.of(DataOptions.shopFile()) : config.config;
        FreshnessBench.Plan plan = new FreshnessBench.Plan(
                steady, Duration.ofSeconds(warmUpSeconds), Duration.ofSeconds(seconds), queries);
        endOnSignal();
        options.run(commandLine(), "seconds", orStopped(report -> new FreshnessBench(
                        directory, launcher(directory), files, config.set, report)
                .run(plan)));
        return 0;
    }

    @Command(
            name = "stream",
            mixinStandardHelpOptions = true,
            description =
                    "Measure what an event costs the attribution, beside a bare topology, with the broker in the same"
                            + " process.",
            footer = "millrace bench stream --events 100000 --rounds 1")
    int stream(
            @Mixin ConfigOptions config,
            @Option(names = "--events", defaultValue = "400000", description = "exposures and clicks") long events,
            @Option(names = "--rounds", defaultValue = "3", description = "rounds of both, in turn") int rounds,
            @Mixin BenchOptions options)
            throws IOException, InterruptedException {
        OptionFaults.requireAtLeastOne("--events", events);
        OptionFaults.requireAtLeastOne("--rounds", rounds);
        List<Path> files = config.config.isEmpty() ? List.of(DataOptions.shopFile()) : config.config;
        Path directory = newDirectory("stream", options);
        options.run(commandLine(), "rounds", report -> new StreamBench(directory, files, config.set, report)
                .run(events, rounds));
        return 0;
    }

    @Command(
            name = "scale",
            mixinStandardHelpOptions = true,
            description =
                    "Time the phases of a learning step by the number of items and of users, with the learner alone.",
            footer = "millrace bench scale --items 1000,10000 --users 1000 --steps 100")
    int scale(
            @Mixin ConfigOptions config,
            @Option(
                            names = "--items",
                            split = ",",
                            paramLabel = "N",
                            description =
                                    "numbers of items. Default: 1000,10000,100000,1000000; none if --users is given")
                    @Nullable
                    List<Integer> items,
            @Option(
                            names = "--users",
                            split = ",",
                            paramLabel = "N",
                            description =
                                    "numbers of users. Default: 1000,10000,100000,1000000; none if --items is given")
                    @Nullable
                    List<Integer> users,
            @Option(
                            names = "--beside",
                            paramLabel = "N",
                            defaultValue = "10000",
                            description = "users beside each number of items, and items beside each number of users")
                    int beside,
            @Option(names = "--steps", defaultValue = "400", description = "timed steps for each size") int steps,
            @Option(
                            names = "--seconds",
                            defaultValue = "60",
                            description = "seconds after which a size ends before all its steps")
                    int seconds,
            @Option(
                            names = "--wall",
                            description = "time phases by the wall clock, not by the CPU time of the learner's thread")
                    boolean isByWall,
            @Option(
                            names = "--on-disk",
                            description =
                                    "keep the learner's entries in a RocksDB, and on the heap only table.cache-bytes"
                                            + " of rows")
                    boolean isOnDisk,
            @Mixin BenchOptions options)
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
        options.run(commandLine(), "sizes", report -> new ScaleBench(
                        settings.trainer(), settings.trainerTexts(), plan, report)
                .run(sizes));
        return 0;
    }

    /** Interrupts this thread at a signal, so that no process of the benchmark stays behind. */
    private static void endOnSignal() {
        Thread main = Thread.currentThread();
        Processes.onSignal(main::interrupt);
    }

    /** The benchmark, which may be stopped: what it found until then is told. */
    static BenchOptions.Bench orStopped(BenchOptions.Bench bench) {
        return report -> {
            try {
                bench.run(report);
            } catch (InterruptedException stopped) {
                report.stopped();
            }
        };
    }

    private CommandLine commandLine() {
        return Objects.requireNonNull(spec).commandLine();
    }

    private static Engine engine(String name) {
        SettingsReader reader = new SettingsReader(Map.of("model.engine", name));
        Engine engine = Engine.read(reader);
        reader.finish();
        return engine;
    }

    /** Makes a new folder for the files of a benchmark, and prints its path. */
    private Path newDirectory(String bench, BenchOptions options) throws IOException {
        Path directory = Files.createTempDirectory("millrace-" + bench);
        PrintWriter out = options.notes(commandLine());
        out.println("in " + directory);
        out.flush();
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
