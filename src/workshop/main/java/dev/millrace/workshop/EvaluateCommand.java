package dev.millrace.workshop;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.DataOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import dev.millrace.operation.Progress;
import dev.millrace.replay.DataSet;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.workshop.evaluate.EvaluationData;
import dev.millrace.workshop.evaluate.EvaluationProtocol;
import dev.millrace.workshop.evaluate.EvaluationReport;
import dev.millrace.workshop.evaluate.HoldoutEvaluation;
import dev.millrace.workshop.evaluate.Overlays;
import dev.millrace.workshop.evaluate.PrequentialEvaluation;
import dev.millrace.workshop.evaluate.PublishedEvaluation;
import dev.millrace.workshop.evaluate.Rival;
import dev.millrace.workshop.evaluate.TableEvaluation;
import dev.millrace.workshop.evaluate.WindowsEvaluation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        description = "Measure quality on a recorded data set, through the stages of the stream.",
        footer = {
            "millrace evaluate --data ml-100k --format movielens --frozen",
            "millrace evaluate --data ml-100k --format movielens --protocol holdout \\",
            "    --warm-up 0.8"
        })
final class EvaluateCommand implements Callable<Integer> {

    /** The protocols, as the command line writes them. */
    enum Protocol {
        prequential,
        holdout,
        published,
        windows
    }

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Mixin
    DataOptions data = new DataOptions();

    @Option(
            names = "--protocol",
            defaultValue = "prequential",
            description = "prequential: test, then learn. holdout: train on the first part, then find the rest."
                    + " published: test with the published vectors, then learn."
                    + " windows: one window of the log after the other, by a model that stands still within it and by one"
                    + " that learns"
                    + " (${COMPLETION-CANDIDATES})")
    Protocol protocol = Protocol.prequential;

    @Option(
            names = "--warm-up",
            paramLabel = "SHARE",
            description = "share of the positives that is learnt before scoring; overrides evaluate.warm-up")
    @Nullable
    Double warmUp;

    @Option(
            names = "--weights",
            split = ";",
            paramLabel = "WEIGHTS",
            description = "also rank with these query weights, in the same pass: popularity=BETA, CHANNEL=WEIGHT,"
                    + " separated by commas. Separate several sets by semicolons, or repeat the option")
    List<String> weights = new ArrayList<>();

    @Option(names = "--frozen", description = "also score a model that stops learning after the warm-up")
    boolean frozen;

    @Option(names = "--with", paramLabel = "RIVAL", description = "also score ${COMPLETION-CANDIDATES}")
    List<Rival> with = new ArrayList<>();

    @Option(names = "--by-action", description = "also show the figures of each action")
    boolean byAction;

    @Option(
            names = "--at",
            paramLabel = "N",
            split = ",",
            description = "holdout: the N of recall@N and precision@N. Default: 5,10,20,50,100")
    List<Integer> at = new ArrayList<>();

    @Option(
            names = "--max-ages",
            split = ",",
            paramLabel = "STEPS",
            description =
                    "published: bounds on the age of vectors. 1 publishes all vectors in each step, 0 only the touched ones")
    List<Integer> maxAges = List.of(1, 0, 20, 50, 100, 200);

    @Option(
            names = "--most-moved",
            split = ",",
            paramLabel = "N",
            description = "published: additional vectors a step, of the items whose rows moved farthest")
    List<Integer> mostMoved = List.of(0);

    @Option(
            names = "--publish-every",
            paramLabel = "STEPS",
            defaultValue = "1",
            description = "published: steps between two publications")
    int publishEvery = 1;

    @Option(
            names = "--table",
            paramLabel = "PATH",
            split = ",",
            description =
                    "one table of many configurations: settings files or folders of them. Each one overrides --config."
                            + " Separate several by commas, or repeat the option")
    List<Path> table = new ArrayList<>();

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "write the figures to a file: Markdown if the name ends with .md, else JSON. May be repeated")
    List<Path> report = new ArrayList<>();

    @Mixin
    OutputOption output = new OutputOption();

    @Mixin
    ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() throws IOException {
        requireEnd();
        requireUsed();
        requireCutoffs();
        CommandLine commandLine = Objects.requireNonNull(spec).commandLine();
        PrintWriter out = commandLine.getOut();
        EvaluationData recorded =
                new EvaluationData(data::open, Optional.ofNullable(warmUp), commandLine.getErr(), progress);
        EvaluationReport figures = new EvaluationReport(output, out, report);
        if (!table.isEmpty()) {
            Map<String, MillraceSettings> configurations = Overlays.read(table, this::settings);
            try (ProgressLine line = progress.line("learnt")) {
                new TableEvaluation(recorded, figures, extras(), commandLine.getErr(), line)
                        .run(data.name(), configurations);
            }
        } else {
            MillraceSettings settings = settings(List.of());
            DataSet dataSet = data.open(settings);
            DataOptions.sayEmptyColumns(dataSet, commandLine.getErr());
            List<String> unread = DataOptions.unreadFeatures(dataSet, settings);
            if (!unread.isEmpty()) {
                commandLine
                        .getErr()
                        .println("no tower reads " + String.join(", ", unread)
                                + ": features.user and features.item name what they read");
            }
            PrintWriter books = output.asNotes(out, commandLine.getErr());
            recorded.examples(settings)
                    .books()
                    .forEach((topic, account) -> books.println(Tables.account(topic, account)));
            try (ProgressLine line = progress.line("learnt")) {
                evaluation(recorded, figures, line).run(settings);
            }
        }
        out.flush();
        return 0;
    }

    private MillraceSettings settings(List<Path> overlays) {
        MillraceSettings settings = data.settings(config, overlays, Map.of());
        data.requireFeatures(settings);
        return settings;
    }

    private EvaluationProtocol evaluation(EvaluationData recorded, EvaluationReport figures, Progress line) {
        return switch (protocol) {
            case prequential -> new PrequentialEvaluation(recorded, figures, extras(), line);
            case holdout -> new HoldoutEvaluation(recorded, figures, at, line);
            case published ->
                new PublishedEvaluation(
                        recorded, figures, new PublishedEvaluation.Policies(maxAges, mostMoved, publishEvery), line);
            case windows -> new WindowsEvaluation(recorded, figures, line);
        };
    }

    private PrequentialEvaluation.Extras extras() {
        return new PrequentialEvaluation.Extras(weights, with, frozen, byAction);
    }

    private void requireEnd() {
        if (data.isGenerated()) {
            throw OptionFaults.unusable(
                    "--data", "absent", "must be given together with --format; the generated shop never ends");
        }
    }

    /** An option that the protocol does not use is a fault. */
    private void requireUsed() {
        boolean isPrequential = protocol == Protocol.prequential;
        Map<String, Boolean> misplaced = new LinkedHashMap<>();
        misplaced.put("--weights", !weights.isEmpty() && (!isPrequential || !table.isEmpty()));
        misplaced.put("--frozen", frozen && !isPrequential);
        misplaced.put("--with", !with.isEmpty() && (!isPrequential || !table.isEmpty()));
        misplaced.put("--by-action", byAction && !isPrequential);
        misplaced.put("--table", !table.isEmpty() && !isPrequential);
        misplaced.put("--warm-up", warmUp != null && protocol == Protocol.windows);
        misplaced.put("--at", !at.isEmpty() && protocol != Protocol.holdout);
        List<SettingFault> faults = misplaced.entrySet().stream()
                .filter(Map.Entry::getValue)
                .map(entry -> new SettingFault(
                        entry.getKey(),
                        "given",
                        "must not be given with --protocol " + protocol + (table.isEmpty() ? "" : " and --table")))
                .toList();
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
    }

    private void requireCutoffs() {
        if (at.isEmpty()) {
            at = List.of(5, 10, 20, 50, 100);
        }
        for (int cutoff : at) {
            if (cutoff < 1) {
                throw OptionFaults.unusable("--at", Integer.toString(cutoff), "must be at least 1");
            }
        }
    }
}
