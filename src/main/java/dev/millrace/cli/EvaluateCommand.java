package dev.millrace.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.app.MillraceSettings;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.cli.evaluate.EvaluationReport;
import dev.millrace.cli.evaluate.LearningTime;
import dev.millrace.cli.evaluate.Overlays;
import dev.millrace.cli.evaluate.QualityTable;
import dev.millrace.cli.evaluate.WeightsOption;
import dev.millrace.evaluate.ActionTotals;
import dev.millrace.evaluate.Holdout;
import dev.millrace.evaluate.NearestAverages;
import dev.millrace.evaluate.Prequential;
import dev.millrace.evaluate.PrequentialSettings;
import dev.millrace.evaluate.PublishedVectors;
import dev.millrace.evaluate.RecordedExamples;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.publish.PublishSettings;
import dev.millrace.replay.BadRows;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.replay.ReplaySettings;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.train.TrainerSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        description = "Measure quality on a recorded data set, through the stages of the stream.")
final class EvaluateCommand implements Callable<Integer> {

    private static final int SHOWN_BAD_ROWS = 10;

    enum Protocol {
        prequential,
        holdout,
        published
    }

    /** What may be ranked beside the model. */
    enum Rival {
        item_knn;

        @Override
        public String toString() {
            return name().replace('_', '-');
        }
    }

    /** A history and the settings that it depends on. */
    private record Heard(AttributionSettings attribution, ReplaySettings replay, RecordedExamples examples) {

        boolean isFor(MillraceSettings settings) {
            return attribution.equals(settings.attribution()) && replay.equals(settings.replay());
        }
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
                    + " published: test by the vectors as they would have been published, then learn"
                    + " (${COMPLETION-CANDIDATES})")
    Protocol protocol = Protocol.prequential;

    @Option(
            names = "--warm-up",
            paramLabel = "SHARE",
            description = "share of the positives learnt before scoring; stands before evaluate.warm-up")
    @Nullable
    Double warmUp;

    @Option(
            names = "--weights",
            split = ";",
            paramLabel = "WEIGHTS",
            description = "also rank by these weights of a query, in the same pass: popularity=BETA, CHANNEL=WEIGHT,"
                    + " comma-separated; several with semicolons between, or the option repeated")
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
            description = "holdout: the N of recall@N and precision@N; 5,10,20,50,100 if none is given")
    List<Integer> at = new ArrayList<>();

    @Option(
            names = "--max-ages",
            split = ",",
            paramLabel = "STEPS",
            description =
                    "published: bounds on the age of vectors; 1 publishes everything in each step, 0 only what is touched")
    List<Integer> maxAges = List.of(1, 0, 20, 50, 100, 200);

    @Option(
            names = "--most-moved",
            split = ",",
            paramLabel = "N",
            description = "published: vectors a step besides, of the items whose rows moved farthest")
    List<Integer> mostMoved = List.of(0);

    @Option(
            names = "--publish-every",
            paramLabel = "STEPS",
            defaultValue = "1",
            description = "published: steps from one publication to the next")
    int publishEvery = 1;

    @Option(
            names = "--table",
            paramLabel = "PATH",
            split = ",",
            description =
                    "one table over many configurations: settings files, or folders of them, each laid over --config;"
                            + " comma-separated, may be repeated")
    List<Path> table = new ArrayList<>();

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "write the figures, as Markdown if the name ends with .md, else as JSON; may be repeated")
    List<Path> report = new ArrayList<>();

    private Optional<Heard> heard = Optional.empty();

    @Override
    public Integer call() throws IOException {
        requireEnd();
        requireUsed();
        requireCutoffs();
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        if (!table.isEmpty()) {
            table(out);
        } else {
            MillraceSettings settings = data.settings(config, Map.of());
            RecordedExamples examples = examples(settings);
            examples.books().forEach((topic, account) -> out.println(Tables.account(topic, account)));
            switch (protocol) {
                case prequential -> prequential(settings, examples, out);
                case holdout -> holdout(settings, examples, out);
                case published -> published(settings, examples, out);
            }
        }
        out.flush();
        return 0;
    }

    private void requireEnd() {
        if (data.isGenerated()) {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    "--data", "absent", "must be given together with --format; the generated shop never ends")));
        }
    }

    /** An option that changes nothing of what was asked for is a mistake. */
    private void requireUsed() {
        boolean isPrequential = protocol == Protocol.prequential;
        Map<String, Boolean> misplaced = new LinkedHashMap<>();
        misplaced.put("--weights", !weights.isEmpty() && (!isPrequential || !table.isEmpty()));
        misplaced.put("--frozen", frozen && !isPrequential);
        misplaced.put("--with", !with.isEmpty() && (!isPrequential || !table.isEmpty()));
        misplaced.put("--by-action", byAction && !isPrequential);
        misplaced.put("--table", !table.isEmpty() && !isPrequential);
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
                throw new InvalidSettingsException(
                        List.of(new SettingFault("--at", Integer.toString(cutoff), "must be at least 1")));
            }
        }
    }

    private void prequential(MillraceSettings settings, RecordedExamples examples, PrintWriter out) throws IOException {
        LearningTime time = new LearningTime();
        TrainerSettings trainer = settings.trainer()
                .withExam(settings.trainer()
                        .exam()
                        .withOtherWeights(WeightsOption.parsed(
                                weights,
                                settings.trainer().exam().popularityWeight(),
                                settings.trainer().model().queryWeights())));
        Prequential prequential = new Prequential(shares(settings), examples, trainer, time);
        boolean withNeighbours = with.contains(Rival.item_knn);
        Prequential.Result online = withNeighbours
                ? prequential.runWithItemNeighbours(Prequential.Mode.ONLINE)
                : prequential.run(Prequential.Mode.ONLINE);
        double perSecond = time.perSecond(online.learnt());

        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("scored", online.exam().model().scored());
        json.put("withoutHistory", online.exam().withoutHistory());
        json.put("positives", online.positives());
        json.put("items", online.items());
        json.put("examplesPerSecond", Math.round(perSecond));
        Map<String, RankingTotals> rows = new LinkedHashMap<>();
        rows.put("model", online.exam().model());
        addOthers("", online.exam().others(), rows);
        rows.put("popularity", online.exam().popularity());
        if (withNeighbours) {
            rows.put(Rival.item_knn.toString(), online.all().itemNeighbours());
        }
        if (frozen) {
            ExamTotals still = prequential.run(Prequential.Mode.FROZEN).exam();
            rows.put("frozen", still.model());
            addOthers("frozen ", still.others(), rows);
        }
        rows.forEach((name, totals) -> EvaluationReport.put(json.putObject(name), totals));
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%,d events scored, %,d without history not scored, %,d items; %,.0f examples learnt a second of CPU time%n",
                online.exam().model().scored(),
                online.exam().withoutHistory(),
                online.items(),
                perSecond));
        text.append(Tables.RECALL_HEAD).append(System.lineSeparator());
        rows.forEach((name, totals) -> text.append(Tables.recall(name, totals)).append(System.lineSeparator()));
        if (byAction) {
            ObjectNode actions = json.putObject("byAction");
            online.byAction().forEach((action, totals) -> action(action, totals, withNeighbours, text, actions));
        }
        out.print(text);
        EvaluationReport.write(report, "```" + System.lineSeparator() + text + "```" + System.lineSeparator(), json);
    }

    private void action(
            String action, ActionTotals totals, boolean withNeighbours, StringBuilder text, ObjectNode json) {
        Map<String, RankingTotals> rows = new LinkedHashMap<>();
        rows.put("model", totals.model());
        addOthers("", totals.others(), rows);
        rows.put("popularity", totals.popularity());
        if (withNeighbours) {
            rows.put(Rival.item_knn.toString(), totals.itemNeighbours());
        }
        text.append(String.format(
                Locale.ROOT, "%s: %,d events scored%n", action, totals.model().scored()));
        ObjectNode each = json.putObject(action).put("scored", totals.model().scored());
        rows.forEach((name, ranked) -> {
            text.append(Tables.recall(name, ranked)).append(System.lineSeparator());
            EvaluationReport.put(each.putObject(name), ranked);
        });
    }

    private void holdout(MillraceSettings settings, RecordedExamples examples, PrintWriter out) throws IOException {
        LearningTime time = new LearningTime();
        Holdout.Result found = new Holdout(settings.holdout(), shares(settings), examples, settings.trainer(), time)
                .run(at, new ForkJoinPool(1));
        Map<String, NearestAverages> rows = new LinkedHashMap<>();
        rows.put("model, exact search", found.exact());
        rows.put("model, graph search", found.graph());
        rows.put("popularity", found.popularity());
        rows.put(Rival.item_knn.toString(), found.itemNeighbours());
        String head = String.format(
                Locale.ROOT,
                "%,d positives to learn from, %,d in the test, of %,d users, %,d of them with something to find among %,d items%n%n",
                found.trainPositives(),
                found.testPositives(),
                found.testUsers(),
                found.exact().users(),
                found.items());
        String text = head + Tables.nearest(found.cutoffs(), rows, found.graphFinds());
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("trainPositives", found.trainPositives())
                .put("testPositives", found.testPositives())
                .put("testUsers", found.testUsers())
                .put("users", found.exact().users())
                .put("items", found.items())
                .put("examplesPerSecond", Math.round(time.perSecond(found.learnt())));
        ArrayNode cutoffs = json.putArray("at");
        found.cutoffs().forEach(cutoffs::add);
        rows.forEach((name, averages) -> {
            ObjectNode each = json.putObject(name);
            ArrayNode recall = each.putArray("recall");
            ArrayNode precision = each.putArray("precision");
            for (int n = 0; n < found.cutoffs().size(); n++) {
                recall.add(averages.recall(n));
                precision.add(averages.precision(n));
            }
        });
        ArrayNode graphFinds = json.putArray("graphFinds");
        for (double share : found.graphFinds()) {
            graphFinds.add(share);
        }
        out.print(text);
        EvaluationReport.write(report, text, json);
    }

    private void published(MillraceSettings settings, RecordedExamples examples, PrintWriter out) throws IOException {
        List<PublishedVectors.Policy> policies = new ArrayList<>();
        PublishSettings base = settings.trainer().publish();
        for (int steps : maxAges) {
            for (int moved : steps == 1 ? List.of(0) : mostMoved) {
                String bound = steps == 0 ? "touched" : steps == 1 ? "everything" : "touched, bound " + steps;
                String name = moved == 0 ? bound : bound + ", " + moved + " most moved";
                policies.add(new PublishedVectors.Policy(name, base.withBounds(steps, moved)));
            }
        }
        List<PublishedVectors.Result> found =
                new PublishedVectors(shares(settings), examples, settings.trainer()).run(policies, publishEvery);
        String text = Tables.published(found);
        ArrayNode rows = new ObjectMapper().createArrayNode();
        for (PublishedVectors.Result row : found) {
            ObjectNode each = rows.addObject()
                    .put("policy", row.name())
                    .put("vectorsAStep", row.vectorsAStep())
                    .put("meanAge", row.meanAge())
                    .put("maxAge", row.maxAge())
                    .put("meanCosine", row.meanCosine());
            EvaluationReport.put(each.putObject("ranks"), row.ranks());
        }
        out.print(text);
        EvaluationReport.write(
                report, text, new ObjectMapper().createObjectNode().set("policies", rows));
    }

    /** Base first, then each overlay; all settings are read before anything runs. */
    private void table(PrintWriter out) throws IOException {
        Map<String, MillraceSettings> configurations = new LinkedHashMap<>();
        List<SettingFault> faults = new ArrayList<>();
        configurations.put("default", data.settings(config, Map.of()));
        Overlays.of(table).forEach((name, file) -> {
            try {
                configurations.put(name, data.settings(config, List.of(file), Map.of()));
            } catch (InvalidSettingsException invalid) {
                invalid.faults()
                        .forEach(fault ->
                                faults.add(new SettingFault(name + ": " + fault.path(), fault.value(), fault.rule())));
            }
        });
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
        QualityTable rows = new QualityTable(data.name());
        PrintWriter progress = Objects.requireNonNull(spec).commandLine().getErr();
        int number = 0;
        for (Map.Entry<String, MillraceSettings> each : configurations.entrySet()) {
            long began = System.nanoTime();
            RankingTotals totals = row(each.getKey(), each.getValue(), number == 0, rows);
            progress.printf(
                    Locale.ROOT,
                    "%d/%d %s: R@10 %.4f, R@100 %.4f, %,d s%n",
                    ++number,
                    configurations.size(),
                    each.getKey(),
                    totals.recallAt(10),
                    totals.recallAt(100),
                    (System.nanoTime() - began) / 1_000_000_000);
            progress.flush();
        }
        out.print(rows.markdown());
        EvaluationReport.write(report, rows.markdown(), rows.json());
    }

    /** Runs a configuration; the base brings the baselines along, which do not depend on the model. */
    private RankingTotals row(String name, MillraceSettings settings, boolean isBase, QualityTable rows) {
        LearningTime time = new LearningTime();
        Prequential prequential = new Prequential(shares(settings), examples(settings), settings.trainer(), time);
        Prequential.Result found = isBase
                ? prequential.runWithItemNeighbours(Prequential.Mode.ONLINE)
                : prequential.run(Prequential.Mode.ONLINE);
        OptionalDouble perSecond = OptionalDouble.of(time.perSecond(found.learnt()));
        rows.add(new QualityTable.Row(name, found.exam().model(), perSecond, OptionalLong.of(found.refusedSteps())));
        if (byAction) {
            found.byAction()
                    .forEach((action, totals) ->
                            rows.add(QualityTable.Row.baseline(name + ", " + action, totals.model())));
        }
        if (isBase) {
            if (frozen) {
                rows.add(QualityTable.Row.baseline(
                        "default, frozen after the warm-up",
                        prequential.run(Prequential.Mode.FROZEN).exam().model()));
            }
            rows.add(QualityTable.Row.baseline("popularity", found.exam().popularity()));
            rows.add(QualityTable.Row.baseline(
                    Rival.item_knn.toString(), found.all().itemNeighbours()));
        }
        return found.exam().model();
    }

    private PrequentialSettings shares(MillraceSettings settings) {
        return warmUp == null ? settings.prequential() : settings.prequential().withWarmUp(warmUp);
    }

    /** The history, read again only if other settings make another of it. */
    private RecordedExamples examples(MillraceSettings settings) {
        Heard current = heard.filter(last -> last.isFor(settings)).orElseGet(() -> hear(settings));
        heard = Optional.of(current);
        return current.examples();
    }

    private Heard hear(MillraceSettings settings) {
        RecordedExamples examples = new RecordedExamples(settings.attribution());
        BadRows bad = new BadRows(SHOWN_BAD_ROWS);
        feed(examples, data.open(settings), bad);
        PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
        bad.first().forEach(err::println);
        if (bad.count() > 0) {
            err.printf(Locale.ROOT, "%,d rows could not be used%n", bad.count());
        }
        return new Heard(settings.attribution(), settings.replay(), examples);
    }

    private static void feed(RecordedExamples examples, DataSet dataSet, BadRows bad) {
        ReplayEvent.Visitor history = new ReplayEvent.Visitor() {
            @Override
            public void item(CatalogueItem item) {
                examples.item(item);
            }

            @Override
            public void profile(UserProfile profile) {
                examples.attribution().profile(profile);
            }

            @Override
            public void exposure(Exposure exposure) {
                examples.attribution().expose(exposure);
            }

            @Override
            public void click(Click click) {
                examples.attribution().click(click);
            }
        };
        try (Stream<ReplayEvent> events = dataSet.events(bad)) {
            events.forEach(event -> event.accept(history));
        }
    }

    /** The rankings by other weights, each a row. */
    private void addOthers(String prefix, List<RankingTotals> others, Map<String, RankingTotals> rows) {
        for (int at = 0; at < others.size(); at++) {
            rows.put(prefix + weights.get(at).strip(), others.get(at));
        }
    }
}
