package dev.millrace.workshop.evaluate;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.evaluate.Averages;
import dev.millrace.evaluate.Evaluation;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Holdout;
import dev.millrace.evaluate.HoldoutSettings;
import dev.millrace.evaluate.Prequential;
import dev.millrace.evaluate.PrequentialSettings;
import dev.millrace.evaluate.PublishedVectors;
import dev.millrace.evaluate.RecordedExamples;
import dev.millrace.evaluate.Report;
import dev.millrace.evaluate.StaleCopies;
import dev.millrace.evaluate.WindowSettings;
import dev.millrace.evaluate.Windows;
import dev.millrace.exam.ExamWitness;
import dev.millrace.exam.RankingTotals;
import dev.millrace.model.StepTimes;
import dev.millrace.operation.Progress;
import dev.millrace.publish.PublishSettings;
import dev.millrace.train.TrainerSettings;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Runs one of the protocols of {@code evaluate}, and reports what it found. One thread. */
public final class EvaluationRun {

    /**
     * What the protocol test, then learn scores besides the model and popularity.
     *
     * @param weights of queries, as {@link WeightsOption} reads them
     * @param hasNeighbours item-kNN
     * @param frozen a model that stops learning after the warm-up
     * @param mixtures for each number, a model whose mixture learns from so many clicks
     * @param byAction the figures of each action too
     * @param young the figures of clicks on young items too
     * @param ages of frozen copies to score, too
     */
    public record Extras(
            List<String> weights,
            boolean hasNeighbours,
            boolean frozen,
            List<Integer> mixtures,
            boolean byAction,
            boolean young,
            List<StaleCopies.Age> ages) {
        public Extras {
            ages = List.copyOf(ages);
            weights = List.copyOf(weights);
            mixtures = List.copyOf(mixtures);
        }
    }

    /**
     * The policies of publication to compare: every bound with every number of vectors.
     *
     * @param maxAges bounds on the age of vectors, steps; 1 publishes everything in each step, 0 only what is touched
     * @param mostMoved vectors a step besides, of the items whose rows moved farthest
     * @param everySteps steps from one publication to the next
     */
    public record Policies(List<Integer> maxAges, List<Integer> mostMoved, int everySteps) {
        public Policies {
            maxAges = List.copyOf(maxAges);
            mostMoved = List.copyOf(mostMoved);
        }

        private List<PublishedVectors.Policy> over(PublishSettings base) {
            List<PublishedVectors.Policy> policies = new ArrayList<>();
            for (int steps : maxAges) {
                for (int moved : steps == 1 ? List.of(0) : mostMoved) {
                    String bound = steps == 0 ? "touched" : steps == 1 ? "everything" : "touched, bound " + steps;
                    String name = moved == 0 ? bound : bound + ", " + moved + " most moved";
                    policies.add(new PublishedVectors.Policy(name, base.withBounds(steps, moved)));
                }
            }
            return policies;
        }
    }

    /** The option of {@link Extras#ages}. */
    public static final String STALENESS = "--staleness";

    static final String NOTHING_TO_RANK =
            "must have events to rank: clicks after the warm-up, by users with an earlier click";

    private final Function<MillraceSettings, RecordedExamples> examples;
    private final String source;
    private final UnaryOperator<PrequentialSettings> given;
    private final Report report;
    private final LearningTime time = new LearningTime();

    /**
     * @param examples batches of a log are learnt as they are by the protocol test, then learn
     * @param source option that they come from
     * @param given puts what the options say in place of what the settings say
     */
    public EvaluationRun(
            Function<MillraceSettings, RecordedExamples> examples,
            String source,
            UnaryOperator<PrequentialSettings> given,
            Report report) {
        this.examples = examples;
        this.source = source;
        this.given = given;
        this.report = report;
    }

    /**
     * Test, then learn, with each configuration in turn. The baselines do not depend on the model, so they have rows beside the first one only.
     * Other configurations may rank a few more or fewer events if their batches differ.
     *
     * @param configurations by name
     */
    public void prequential(Map<String, MillraceSettings> configurations, Extras extras) {
        List<Run> runs = new ArrayList<>();
        configurations.forEach((name, settings) -> {
            boolean isFirst = runs.isEmpty();
            Prequential.Mode mode = isLogged(settings) ? Prequential.Mode.LOGGED : Prequential.Mode.ONLINE;
            runs.add(new Run(name, settings, mode, Long.MAX_VALUE));
            if (isFirst && extras.frozen()) {
                runs.add(new Run(
                        name + ", frozen after the warm-up", settings, Prequential.Mode.FROZEN, Long.MAX_VALUE));
            }
            if (isFirst) {
                extras.mixtures()
                        .forEach(clicks -> runs.add(new Run(
                                name + ", mixture of the first " + clicks + " clicks", settings, mode, clicks)));
            }
        });
        for (Run run : runs) {
            boolean isFirst = run.equals(runs.get(0));
            if (report.isStopping()) {
                return;
            }
            Prequential.Result found = run(run, runs, extras);
            if (isFirst) {
                report.add(new Figures()
                        .with("scored", found.all().model().scored())
                        .with("withoutHistory", found.withoutHistory())
                        .with("positives", found.positives())
                        .with("items", found.items())
                        .and(sampled(found.share())));
            }
            Figures cost = run.mode() == Prequential.Mode.FROZEN
                    ? new Figures()
                    : time.figures(found.learnt()).with("refusedSteps", found.refusedSteps());
            rows(run.name(), "all", found.all(), extras, isFirst, cost);
            if (extras.byAction()) {
                found.byAction()
                        .forEach((action, ranked) -> rows(run.name(), action, ranked, extras, isFirst, new Figures()));
            }
            if (extras.young()) {
                found.young()
                        .forEach((youth, ranked) ->
                                rows(run.name(), youth.text(), ranked, extras, isFirst, new Figures()));
            }
            if (isFirst && !extras.ages().isEmpty()) {
                stale(run.name(), found.stale(), extras.ages());
            }
        }
    }

    private void stale(String name, List<StaleCopies.Row> rows, List<StaleCopies.Age> ages) {
        if (rows.isEmpty() && !report.isStopping()) {
            throw OptionFaults.unusable(
                    STALENESS,
                    ages.stream().map(StaleCopies.Age::text).collect(Collectors.joining(",")),
                    "must be shorter: no event is so long after a click that was learnt");
        }
        for (StaleCopies.Row row : rows) {
            String old = row.age().millis() == 0 ? "" : ", " + row.age().text() + " old";
            StaleCopies.Part part = row.part();
            if (part.touched() == StaleCopies.Touched.ANY) {
                report.add("staleness", stale(name + old, row, row.model()));
                report.add("staleness", stale("popularity" + old, row, row.popularity()));
            } else {
                report.add(
                        "retention",
                        new Figures()
                                .with("last click of", part.touched().text())
                                .with("before", part.since())
                                .and(stale(name + old, row, row.model())));
            }
        }
    }

    private static Figures stale(String ranking, StaleCopies.Row row, RankingTotals totals) {
        return new Figures()
                .with("ranking", ranking)
                .with("scored", totals.scored())
                .with("hoursBehind", row.lagHours())
                .and(totals);
    }

    /** One pass over the data. */
    private record Run(String name, MillraceSettings settings, Prequential.Mode mode, long mixtureClicks) {}

    private Prequential.Result run(Run run, List<Run> runs, Extras extras) {
        int before = runs.indexOf(run);
        TrainerSettings trainer = run.settings().trainer();
        TrainerSettings weighed = trainer.withExam(trainer.exam()
                .withOtherWeights(WeightsOption.parsed(
                        extras.weights(),
                        trainer.exam().weights(),
                        trainer.model().queryWeights())));
        Progress progress = (part, examples, of) ->
                report.progress().reached(runs.size() == 1 ? "" : run.name(), before * of + examples, runs.size() * of);
        time.nanos = 0;
        Prequential.Result found = new Prequential(
                        new Evaluation(
                                shares(run.settings()),
                                examples.apply(run.settings()),
                                weighed,
                                time,
                                progress,
                                report::isStopping),
                        run.mixtureClicks(),
                        before == 0 ? extras.ages() : List.of())
                .run(run.mode(), before == 0 && extras.hasNeighbours(), ExamWitness.NONE);
        if (found.all().model().scored() == 0 && !report.isStopping()) {
            throw OptionFaults.unusable(source, "given", NOTHING_TO_RANK);
        }
        return found;
    }

    /** What part of the events was ranked, if not all were. */
    private static Figures sampled(double share) {
        return share == 1 ? new Figures() : new Figures().with("sampledShare", share);
    }

    private boolean isLogged(MillraceSettings settings) {
        OptionalLong firstStep = examples.apply(settings).firstStep();
        if (firstStep.orElse(1) != 1) {
            throw OptionFaults.unusable(
                    source,
                    "from step " + firstStep.getAsLong() + " on",
                    "must be of a log that has step 1 (topic.batch-retention)");
        }
        return firstStep.isPresent();
    }

    private PrequentialSettings shares(MillraceSettings settings) {
        return given.apply(PrequentialSettings.read(settings.reader()));
    }

    private void rows(
            String name, String part, Prequential.Ranked ranked, Extras extras, boolean isFirst, Figures cost) {
        Map<String, RankingTotals> rows = new LinkedHashMap<>();
        rows.put(name, ranked.model());
        for (int at = 0; at < extras.weights().size(); at++) {
            rows.put(
                    name + ", " + extras.weights().get(at).strip(),
                    ranked.byModel().get(at + 1));
        }
        if (isFirst) {
            rows.put("popularity", ranked.popularity());
        }
        if (isFirst && extras.hasNeighbours()) {
            rows.put("item-knn", ranked.itemNeighbours());
        }
        rows.forEach((ranking, totals) -> {
            Figures row = new Figures().with("ranking", ranking);
            if (extras.byAction() || extras.young()) {
                row.with("part", part);
            }
            report.add(
                    "rows",
                    row.with("scored", totals.scored()).and(totals).and(ranking.equals(name) ? cost : new Figures()));
        });
    }

    /**
     * Train on the first part, then find the rest: recall and precision of the model and of the baselines.
     *
     * @param cutoffs the N of recall@N and precision@N, each at least 1
     */
    public void holdout(MillraceSettings settings, List<Integer> cutoffs) {
        Holdout.Result found = new Holdout(HoldoutSettings.read(settings.reader()), evaluation(settings)).run(cutoffs);
        report.add(new Figures()
                .with("trainPositives", found.trainPositives())
                .with("testPositives", found.testPositives())
                .with("testUsers", found.testUsers())
                .with("usersWithSomethingToFind", found.searchedUsers())
                .with("items", found.items())
                .and(sampled(found.share()))
                .and(time.figures(found.learnt())));
        found.rankings()
                .forEach((name, averages) ->
                        report.add("rows", new Figures().with("ranking", name).and(averages.means())));
    }

    /** Test by the vectors as they would have been published, then learn: a row for each policy of publication. */
    public void published(MillraceSettings settings, Policies policies) {
        new PublishedVectors(evaluation(settings))
                .run(policies.over(settings.trainer().publish()), policies.everySteps())
                .forEach(row -> report.add(
                        "rows",
                        new Figures()
                                .with("published", row.name())
                                .and(row.ranks())
                                .with("vectorsAStep", row.vectorsAStep())
                                .with("meanAge", row.meanAge())
                                .with("maxAge", row.maxAge())
                                .with("meanCosine", row.meanCosine())));
    }

    /** One window of the log after the other: a model that stands still within the window beside one that learns. */
    public void windows(MillraceSettings settings) {
        Windows.Result found = new Windows(WindowSettings.read(settings.reader()), evaluation(settings)).run();
        report.add(new Figures()
                .with("items", found.items())
                .with("learnt", found.learnt())
                .with("refusedSteps", found.refusedSteps())
                .and(time.figures(found.learnt())));
        found.windows().stream()
                .flatMap(window -> window.rankings().keySet().stream())
                .distinct()
                .forEach(name -> report.add(
                        "means",
                        new Figures()
                                .with("mean over windows", name)
                                .and(Averages.over(found.windows().stream()
                                        .map(window -> window.rankings().getOrDefault(name, new Averages()))
                                        .toList()))));
        for (Windows.Window window : found.windows()) {
            window.rankings()
                    .forEach((name, averages) -> report.add(
                            "windows",
                            new Figures()
                                    .with("window", window.name())
                                    .with("events", window.positives())
                                    .with("withoutHistory", window.withoutHistory())
                                    .with("unseen", window.unseen())
                                    .with("queries", averages.count())
                                    .and(sampled(window.share()))
                                    .with("ranking", name)
                                    .and(Averages.over(List.of(averages)))));
        }
    }

    private Evaluation evaluation(MillraceSettings settings) {
        return new Evaluation(
                shares(settings),
                examples.apply(settings),
                settings.trainer(),
                time,
                report.progress(),
                report::isStopping);
    }

    /**
     * Measures the CPU time of the learning thread within learning steps, exams and batching not counted. Other processes on the machine do not
     * change it, as they change wall time.
     */
    static final class LearningTime implements StepTimes {

        private static final double NANOS_A_SECOND = 1e9;

        private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        private long began;
        private long nanos;

        @Override
        public void begin() {
            began = threads.getCurrentThreadCpuTime();
        }

        @Override
        public void lap(Phase phase) {
            long now = threads.getCurrentThreadCpuTime();
            nanos += now - began;
            began = now;
        }

        /** Returns examples a second of the time measured; 0 if no time was measured. */
        double perSecond(long examples) {
            return nanos == 0 ? 0 : examples * NANOS_A_SECOND / nanos;
        }

        private Figures figures(long examples) {
            return new Figures().with("examplesPerSecond", Math.round(perSecond(examples)));
        }
    }
}
