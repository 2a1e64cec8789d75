package dev.millrace.workshop;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.DataOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.PrequentialSettings;
import dev.millrace.evaluate.Report;
import dev.millrace.evaluate.StaleCopies;
import dev.millrace.replay.DataSet;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.shop.ShopGenerator;
import dev.millrace.workshop.evaluate.EvaluationData;
import dev.millrace.workshop.evaluate.EvaluationRun;
import dev.millrace.workshop.evaluate.Overlays;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        description =
                "Measure quality on a recorded data set, on the generated shop, or on the cluster's log, through the"
                        + " stages of the stream.",
        footer = {
            "millrace evaluate --data ml-100k --format movielens --frozen",
            "millrace evaluate --events 100000",
            "millrace evaluate --data ml-100k --format movielens --protocol holdout \\",
            "    --warm-up 0.8",
            "millrace evaluate --mini-batches --bootstrap-server kafka:9092",
            "millrace evaluate --data shown.csv --protocol off-policy --candidate uniform",
            "millrace evaluate --protocol off-policy --candidate explore=0.1 \\",
            "    --bootstrap-server kafka:9092"
        })
final class EvaluateCommand implements Callable<Integer> {

    /** The protocols, as the command line writes them. */
    enum Protocol {
        prequential,
        holdout,
        published,
        windows,
        off_policy;

        @Override
        public String toString() {
            return name().replace('_', '-');
        }
    }

    private static final String LOG = EvaluationData.LOG;
    private static final String TOPICS = EvaluationData.TOPICS;
    private static final String OFF_POLICY = "--protocol off-policy";
    private static final String EXPLORED = OFF_POLICY + " without --data";

    /** The options that have no use beside one: the log has its examples, its batches and one learner. */
    private static final Map<String, List<String>> NOT_WITH = Map.of(
            LOG,
            List.of(
                    "--data",
                    "--format",
                    "--events",
                    TOPICS,
                    "--frozen",
                    "--learn-every",
                    "--mixture-clicks",
                    "--queries",
                    "--table"),
            TOPICS,
            List.of("--data", "--format", "--events"),
            OFF_POLICY,
            List.of("--format", "--events", TOPICS, "--config", "--set", "--bootstrap-server"),
            EXPLORED,
            List.of("--format", "--events", TOPICS));

    /** The options that not every protocol uses. */
    private static final Map<String, Set<Protocol>> USED_BY = new TreeMap<>(Map.ofEntries(
            Map.entry("--warm-up", Set.of(Protocol.prequential, Protocol.holdout, Protocol.published)),
            Map.entry("--queries", Set.of(Protocol.prequential, Protocol.holdout, Protocol.windows)),
            Map.entry("--weights", Set.of(Protocol.prequential)),
            Map.entry("--frozen", Set.of(Protocol.prequential)),
            Map.entry("--mixture-clicks", Set.of(Protocol.prequential)),
            Map.entry("--learn-every", Set.of(Protocol.prequential)),
            Map.entry("--with", Set.of(Protocol.prequential)),
            Map.entry(LOG, Set.of(Protocol.prequential)),
            Map.entry("--by-action", Set.of(Protocol.prequential)),
            Map.entry("--young", Set.of(Protocol.prequential)),
            Map.entry(EvaluationRun.STALENESS, Set.of(Protocol.prequential)),
            Map.entry("--table", Set.of(Protocol.prequential)),
            Map.entry("--at", Set.of(Protocol.holdout)),
            Map.entry("--max-ages", Set.of(Protocol.published)),
            Map.entry("--most-moved", Set.of(Protocol.published)),
            Map.entry("--publish-every", Set.of(Protocol.published)),
            Map.entry("--candidate", Set.of(Protocol.off_policy)),
            Map.entry("--clip", Set.of(Protocol.off_policy))));

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Mixin
    DataOptions data = new DataOptions();

    @Option(
            names = LOG,
            description = "learn the cluster's own log of mini-batches, batch by batch, in place of --data. With the"
                    + " trainer's settings each click that the trainer examined has the rank that it had there")
    boolean isOfLog;

    @Option(
            names = TOPICS,
            description =
                    "make the examples again from the cluster's exposures, clicks and profiles, in the order in which"
                            + " the trainer read them, in place of --data. Settings of attribution and history may differ from"
                            + " the trainer's")
    boolean isOfTopics;

    @Option(
            names = "--events",
            paramLabel = "N",
            description = "take the first N exposures and clicks; default: all. Without --data, of the generated shop")
    @Nullable
    Long events;

    @Option(
            names = "--protocol",
            defaultValue = "prequential",
            description =
                    "prequential: test, then learn. holdout: train on the first part, then find the rest. published:"
                            + " test with the published vectors, then learn. windows: one window after another,"
                            + " ranked by a model that is frozen within it and by one that keeps learning. off-policy:"
                            + " what another policy would have earned, by a log with propensities, or by the cluster's explored answers,"
                            + " in place of events"
                            + " (${COMPLETION-CANDIDATES})")
    Protocol protocol = Protocol.prequential;

    @Option(
            names = "--warm-up",
            paramLabel = "SHARE",
            description = "share of the positives to learn before scoring starts; overrides evaluate.warm-up")
    @Nullable
    Double warmUp;

    @Option(
            names = "--queries",
            paramLabel = "N",
            description =
                    "rank at most about N events (holdout: users; windows: of each window), drawn by seed; all are"
                            + " learnt. Default: " + PrequentialSettings.QUERIES
                            + ", which give Recall@10 a standard error of"
                            + " .001 at most")
    @Nullable
    Long queries;

    @Option(
            names = "--weights",
            split = ";",
            paramLabel = "WEIGHTS",
            description = "also rank with these query weights, in the same pass: popularity=BETA, CHANNEL=WEIGHT,"
                    + " separated by commas. Separate several sets by semicolons, or repeat the option")
    List<String> weights = new ArrayList<>();

    @Option(names = "--frozen", description = "also score a model that stops learning after the warm-up")
    boolean frozen;

    @Option(
            names = "--mixture-clicks",
            split = ",",
            paramLabel = "CLICKS",
            description = "also score models whose mixture learns from so many clicks only, such as 5000,20000")
    List<Integer> mixtures = List.of();

    @Option(
            names = "--learn-every",
            paramLabel = "CLICKS",
            description = "rank blocks of so many clicks whole before any of them is learnt, in batches of batch.size:"
                    + " what smaller batches find if they learn as late as larger ones. Default: each batch")
    @Nullable
    Integer learnEvery;

    /** Baselines that can be scored beside the model and popularity. */
    enum Rival {
        item_knn;

        @Override
        public String toString() {
            return name().replace('_', '-');
        }
    }

    @Option(names = "--with", paramLabel = "RIVAL", description = "also score ${COMPLETION-CANDIDATES}")
    List<Rival> with = new ArrayList<>();

    @Option(names = "--by-action", description = "also show the figures of each action")
    boolean byAction;

    @Option(names = "--young", description = "also show the figures of clicks on young items")
    boolean young;

    @Option(
            names = EvaluationRun.STALENESS,
            split = ",",
            paramLabel = "AGES",
            description = "also score frozen copies that are as old as this when they answer, such as 1h,1d,7d: their"
                    + " weights, counts and lists; what users did and which items there are is known. And the same by"
                    + " how long before the user, or the item, had its last click")
    List<String> staleness = List.of();

    @Option(names = "--at", split = ",", description = "holdout: N of recall and precision; default: 5,10,20,50,100")
    List<Integer> at = List.of(5, 10, 20, 50, 100);

    @Option(
            names = "--max-ages",
            split = ",",
            description =
                    "published: bounds on the age of vectors. 1 publishes all vectors in each step, 0 only the touched"
                            + " ones")
    List<Integer> maxAges = List.of(1, 0, 20, 50, 100, 200);

    @Option(
            names = "--most-moved",
            split = ",",
            description = "published: further vectors to publish per step, those whose rows moved farthest")
    List<Integer> mostMoved = List.of(0);

    @Option(names = "--publish-every", defaultValue = "1", description = "published: steps between publications")
    int publishEvery = 1;

    @Option(
            names = "--table",
            paramLabel = "PATH",
            split = ",",
            description = "compare configurations in one table: settings files or folders of them, each applied over"
                    + " --config. Separate by commas, or repeat the option")
    List<Path> table = new ArrayList<>();

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "write the figures to a file: Markdown if the name ends with .md, else JSON. May be repeated")
    List<Path> report = new ArrayList<>();

    @Mixin
    OffPolicyOptions offPolicy = new OffPolicyOptions();

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException, InterruptedException {
        ParseResult given = Objects.requireNonNull(spec).commandLine().getParseResult();
        requireUsed(given);
        requireData(given);
        if (protocol == Protocol.off_policy) {
            offPolicy.estimates(data, config).run(output, "read", report);
            return 0;
        }
        requireEnd();
        OptionFaults.requireAtLeastOne("--events", events == null ? 1 : events);
        OptionFaults.requireAtLeastOne("--queries", queries == null ? 1 : queries);
        OptionFaults.requireAtLeastOne("--learn-every", learnEvery == null ? 1 : learnEvery);
        at.forEach(cutoff -> OptionFaults.requireAtLeastOne("--at", cutoff));
        mixtures.forEach(clicks -> OptionFaults.requireAtLeastOne("--mixture-clicks", clicks));
        List<StaleCopies.Age> ages = ages();
        Map<String, MillraceSettings> configurations =
                table.isEmpty() ? Map.of("model", settings(List.of())) : Overlays.read(table, this::settings);
        MillraceSettings settings = configurations.values().iterator().next();
        ReportedRun told = found -> {
            EvaluationData recorded = recorded(found);
            if (!isOfCluster()) {
                describe(recorded, settings);
            }
            EvaluationRun run = new EvaluationRun(recorded::examples, source(), this::given, found);
            found.add(new Figures()
                    .with("data", isOfLog ? "the log of mini-batches" : isOfTopics ? "the raw topics" : data.name())
                    .with("protocol", protocol.name()));
            switch (protocol) {
                case prequential ->
                    run.prequential(
                            configurations,
                            new EvaluationRun.Extras(
                                    weights,
                                    !with.isEmpty() || !table.isEmpty(),
                                    frozen,
                                    mixtures,
                                    byAction,
                                    young,
                                    ages));
                case holdout -> run.holdout(settings, at);
                case published -> run.published(settings, new EvaluationRun.Policies(maxAges, mostMoved, publishEvery));
                case windows -> run.windows(settings);
                case off_policy -> throw new IllegalStateException("it ranks nothing");
            }
        };
        told.untilSignal().run(output, "learnt", report);
        return 0;
    }

    private boolean isOfCluster() {
        return isOfLog || isOfTopics;
    }

    /** The option that the examples come from. */
    private String source() {
        if (protocol == Protocol.off_policy) {
            return data.path().isPresent() ? OFF_POLICY : EXPLORED;
        }
        return isOfLog ? LOG : isOfTopics ? TOPICS : "--data";
    }

    private EvaluationData recorded(Report found) {
        return switch (source()) {
            case LOG -> EvaluationData.ofLog(found.progress(), found::isStopping);
            case TOPICS -> EvaluationData.ofTopics(found.progress(), found::isStopping);
            default ->
                EvaluationData.ofDataSet(
                        settings -> opened(settings, found),
                        events == null ? Long.MAX_VALUE : events,
                        output,
                        found::isStopping);
        };
    }

    private DataSet opened(MillraceSettings settings, Report found) {
        return data.isGenerated()
                ? ShopGenerator.of(settings.reader(), visits -> visits.tell(found))
                : data.open(settings);
    }

    private List<StaleCopies.Age> ages() {
        if (!staleness.isEmpty() && learnEvery != null) {
            throw OptionFaults.unusable(EvaluationRun.STALENESS, "given", "must not be given with --learn-every");
        }
        List<StaleCopies.Age> ages = new ArrayList<>();
        for (String text : staleness) {
            try {
                ages.add(StaleCopies.Age.of(text));
            } catch (IllegalArgumentException | ArithmeticException unreadable) {
                throw OptionFaults.unusable(
                        EvaluationRun.STALENESS, text, "must be a duration up to 3650d, such as 1h; 0 is always shown");
            }
        }
        return ages;
    }

    private PrequentialSettings given(PrequentialSettings shares) {
        return shares.with(
                queries == null ? PrequentialSettings.QUERIES : queries, learnEvery == null ? 1 : learnEvery);
    }

    /** Says what is in the data set and is not used, and what became of its events. */
    private void describe(EvaluationData recorded, MillraceSettings settings) {
        DataSet dataSet = data.open(settings);
        DataOptions.sayEmptyColumns(dataSet, output.err());
        List<String> unread = DataOptions.unreadFeatures(dataSet, settings);
        if (!unread.isEmpty()) {
            output.err()
                    .println("no tower reads " + String.join(", ", unread)
                            + ": to use them, add them to features.user or features.item");
        }
        PrintWriter books = output.notes();
        recorded.examples(settings).books().forEach((topic, account) -> books.println(Tables.account(topic, account)));
        books.flush();
    }

    private MillraceSettings settings(List<Path> overlays) {
        Map<String, String> changes = warmUp == null ? Map.of() : Map.of("evaluate.warm-up", warmUp.toString());
        if (isOfCluster()) {
            return config.settings(Optional.empty(), overlays, Map.of(), changes);
        }
        MillraceSettings settings = data.settings(config, overlays, Map.of(), changes);
        data.requireFeatures(settings);
        return settings;
    }

    private void requireEnd() {
        if (data.isGenerated() && events == null && !isOfCluster()) {
            throw OptionFaults.unusable(
                    "--data",
                    "absent",
                    "must be given together with --format, or --events for the generated shop, which never ends, or"
                            + " --mini-batches or --raw-topics for the cluster's log");
        }
    }

    /** An option that the protocol does not use is a fault. */
    private void requireUsed(ParseResult given) {
        List<SettingFault> faults = USED_BY.entrySet().stream()
                .filter(option -> !option.getValue().contains(protocol) && given.hasMatchedOption(option.getKey()))
                .map(option ->
                        new SettingFault(option.getKey(), "given", "must not be given with --protocol " + protocol))
                .toList();
        refuse(faults);
    }

    private void requireData(ParseResult given) {
        refuse(NOT_WITH.getOrDefault(source(), List.of()).stream()
                .filter(given::hasMatchedOption)
                .map(option -> new SettingFault(option, "given", "must not be given with " + source()))
                .toList());
    }

    private static void refuse(List<SettingFault> faults) {
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
    }
}
