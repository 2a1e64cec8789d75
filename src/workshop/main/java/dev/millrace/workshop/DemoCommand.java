package dev.millrace.workshop;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ReplayRun;
import dev.millrace.cli.Processes;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.DataOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.demo.Demo;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Report;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.operation.Progress;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.Pace;
import dev.millrace.serve.HttpSetup;
import dev.millrace.state.Books;
import dev.millrace.topic.PrivateDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description =
                "Run everything in one process: broker, replay of a data set or generated shop, training, recall.",
        footer = {
            "millrace demo",
            "millrace demo --until-end --speed 2000/s --every 10",
            "millrace demo --data ml-100k --format movielens"
        })
final class DemoCommand implements Callable<Integer> {

    private static final long GENERATED_EVENTS = 100_000;

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
            description = "max, a number of times real time such as 60, or events a second such as 500/s; "
                    + "default: max for a data set, 500/s for the generated shop")
    @Nullable
    String speed;

    @Option(
            names = "--events",
            paramLabel = "N",
            description = "stop the replay after N exposures and clicks; default: no limit, or " + GENERATED_EVENTS
                    + " for the generated shop with --until-end")
    @Nullable
    Long events;

    @Option(names = "--until-end", description = "stop when all replayed events are learnt and served")
    boolean untilEnd;

    @Option(names = "--report", paramLabel = "FILE", description = "write the figures of the run as JSON")
    @Nullable
    Path report;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "folder for the data of broker and trainer; default: a new folder under .millrace/demo")
    @Nullable
    Path directory;

    @Option(
            names = "--every",
            paramLabel = "SECONDS",
            defaultValue = "2",
            description = "seconds between two lines of progress")
    int everySeconds = 2;

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        OptionFaults.requireAtLeastOne("--every", everySeconds);
        OptionFaults.requireAtLeastOne("--events", events == null ? 1 : events);
        Path home = directory == null
                ? Path.of(
                        ".millrace",
                        "demo",
                        DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss")
                                .format(LocalDateTime.now(ZoneId.systemDefault())))
                : directory;
        Map<String, String> byDefault = new TreeMap<>();
        byDefault.put("stream.state-directory", home.resolve("state").toString());
        byDefault.put("serve.state-dir", home.resolve("serve").toString());
        // one partition keeps the order of the data; at full speed, hours of event time can lie between two topics
        Pace pace = Pace.parse(speed != null ? speed : data.isGenerated() ? "500/s" : "max");
        byDefault.put("topic.partitions", "1");
        byDefault.put("stream.max-task-idle", pace instanceof Pace.Max ? "5s" : "100ms");
        byDefault.put("attribution.negative-actions", "hide"); // buttons of the page
        byDefault.put("attribution.undo-actions", "unhide");
        if (data.isGenerated()) {
            byDefault.put("publish.attributes", "category, brand, price"); // to filter by, and to colour the page's map
        }
        MillraceSettings settings = data.settings(config, byDefault);
        data.requireFeatures(settings);
        DataSet dataSet = data.open(settings);
        DataOptions.sayEmptyColumns(
                dataSet, Objects.requireNonNull(spec).commandLine().getErr());
        ReplayRun replay = new ReplayRun(dataSet, pace, maxEvents(), bad -> System.err.println("row skipped: " + bad));
        HttpSetup.requireFree(
                "serve.port", settings.serve().host(), settings.serve().port()); // before there is a broker
        requireEmpty(home);
        try (Demo demo = new Demo(
                home,
                bootstrap -> {
                    config.set.put(
                            "kafka.bootstrap.servers",
                            bootstrap); // the demo has its own broker, whatever the options say
                    return data.settings(config, byDefault);
                },
                replay,
                out)) {
            Thread main = Thread.currentThread();
            Processes.onSignal(main::interrupt);
            run(demo, home, out);
        }
        return 0;
    }

    private void run(Demo demo, Path home, PrintWriter out) throws IOException, InterruptedException {
        try {
            demo.await(Duration.ofSeconds(everySeconds), untilEnd);
        } catch (InterruptedException stopped) {
            // what came of it until then is told
        }
        SortedMap<String, Books.Account> books = demo.books();
        out.println();
        books.forEach((topic, account) -> out.println(Tables.account(topic, account)));
        ExamTotals exam = demo.secondHalf();
        Report told = new Report(out::println, Progress.NONE);
        told.note(
                "second half of the positives (%,d more were not ranked, for lack of history):", exam.withoutHistory());
        told.add("secondHalf", row("model", exam.model()));
        told.add("secondHalf", row("popularity", exam.popularity()));
        told.note("");
        out.println("the demo's data stays in " + home.toAbsolutePath().normalize() + " until you delete it");
        out.flush();
        if (report != null) {
            Map<String, Object> figures = new LinkedHashMap<>(demo.figures().values());
            figures.put("topics", books);
            figures.putAll(told.found());
            new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(report.toFile(), figures);
        }
    }

    private static Figures row(String ranking, RankingTotals totals) {
        return new Figures()
                .with("ranking", ranking)
                .with("scored", totals.scored())
                .and(totals);
    }

    /** A folder of an earlier run is refused: its data would be counted and learnt in this run. */
    private static void requireEmpty(Path home) throws IOException {
        if (Files.exists(home) && !Files.isDirectory(home)) {
            throw OptionFaults.unusable("--dir", home.toString(), "must be a new or an empty folder");
        }
        PrivateDirectory.make(home);
        try (Stream<Path> content = Files.list(home)) {
            if (content.findAny().isPresent()) {
                throw OptionFaults.unusable("--dir", home.toString(), "must be a new or an empty folder");
            }
        }
    }

    private long maxEvents() {
        if (events != null) {
            return events;
        }
        return data.isGenerated() && untilEnd ? GENERATED_EVENTS : Long.MAX_VALUE;
    }
}
