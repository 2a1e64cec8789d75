package dev.millrace.workshop.evaluate;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.evaluate.Evaluation;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Holdout;
import dev.millrace.evaluate.HoldoutSettings;
import dev.millrace.evaluate.NearestAverages;
import dev.millrace.evaluate.Prequential;
import dev.millrace.evaluate.PublishedVectors;
import dev.millrace.evaluate.RankAverages;
import dev.millrace.evaluate.RankAverages.Measure;
import dev.millrace.evaluate.Report;
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
import java.util.function.BiConsumer;
import java.util.function.Function;

/** Runs one of the protocols of {@code evaluate}, and reports what it found. One thread. */
public final class EvaluationRun {

    /**
     * What the protocol test, then learn scores besides the model and popularity.
     *
     * @param weights of queries, as {@link WeightsOption} reads them
     * @param hasNeighbours item-kNN
     * @param frozen a model that stops learning after the warm-up
     * @param byAction the figures of each action too
     */
    public record Extras(List<String> weights, boolean hasNeighbours, boolean frozen, boolean byAction) {
        public Extras {
            weights = List.copyOf(weights);
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

    static final String NOTHING_TO_RANK =
            "must have events to rank: clicks of users with an earlier click, behind the warm-up";

    private static final String POPULARITY = "popularity";
    private static final String ITEM_KNN = "item-knn";

    private final EvaluationData data;
    private final Report report;
    private final LearningTime time = new LearningTime();

    public EvaluationRun(EvaluationData data, Report report) {
        this.data = data;
        this.report = report;
    }

    /**
     * Test, then learn, with each configuration in turn. The baselines do not depend on the model, so they have rows beside the first one only.
     * Other configurations may rank a few more or fewer events if their batches differ.
     *
     * @param configurations by name
     */
    public void prequential(Map<String, MillraceSettings> configurations, Extras extras) {
        int runs = configurations.size() + (extras.frozen() ? 1 : 0);
        int through = 0;
        for (Map.Entry<String, MillraceSettings> each : configurations.entrySet()) {
            String name = each.getKey();
            boolean isFirst = through == 0;
            String shown = configurations.size() == 1 ? "" : name;
            Prequential prequential =
                    prequential(each.getValue(), extras, ofRun(shown, through++, runs, report.progress()));
            time.nanos = 0;
            Prequential.Result found =
                    prequential.run(Prequential.Mode.ONLINE, isFirst && extras.hasNeighbours(), ExamWitness.NONE);
            requireRanked(found.all().model());
            if (isFirst) {
                report.add(new Figures()
                        .with("scored", found.all().model().scored())
                        .with("withoutHistory", found.withoutHistory())
                        .with("positives", found.positives())
                        .with("items", found.items()));
            }
            Figures cost = time.figures(found.learnt()).with("refusedSteps", found.refusedSteps());
            rows(name, "all", found.all(), extras, isFirst, cost);
            found.byAction().forEach((action, ranked) -> {
                if (extras.byAction()) {
                    rows(name, action, ranked, extras, isFirst, new Figures());
                }
            });
            if (isFirst && extras.frozen()) {
                Prequential.Result frozen = prequential(
                                each.getValue(), extras, ofRun("frozen", through++, runs, report.progress()))
                        .run(Prequential.Mode.FROZEN);
                byModel(name + ", frozen after the warm-up", "all", frozen.all(), extras, new Figures());
            }
        }
    }

    private Prequential prequential(MillraceSettings settings, Extras extras, Progress progress) {
        TrainerSettings trainer = settings.trainer();
        TrainerSettings weighed = trainer.withExam(trainer.exam()
                .withOtherWeights(WeightsOption.parsed(
                        extras.weights(),
                        trainer.exam().weights(),
                        trainer.model().queryWeights())));
        return new Prequential(new Evaluation(data.shares(settings), data.examples(settings), weighed, time, progress));
    }

    private void rows(
            String name, String action, Prequential.Ranked ranked, Extras extras, boolean isFirst, Figures cost) {
        byModel(name, action, ranked, extras, cost);
        if (isFirst) {
            row(POPULARITY, action, ranked.popularity(), extras, new Figures());
        }
        if (isFirst && extras.hasNeighbours()) {
            row(ITEM_KNN, action, ranked.itemNeighbours(), extras, new Figures());
        }
    }

    private void byModel(String name, String action, Prequential.Ranked ranked, Extras extras, Figures cost) {
        row(name, action, ranked.model(), extras, cost);
        for (int at = 0; at < extras.weights().size(); at++) {
            String weights = extras.weights().get(at).strip();
            row(name + ", " + weights, action, ranked.byModel().get(at + 1), extras, new Figures());
        }
    }

    private void row(String name, String action, RankingTotals totals, Extras extras, Figures cost) {
        Figures row = new Figures().with("ranking", name);
        if (extras.byAction()) {
            row.with("action", action);
        }
        report.add("rows", row.with("scored", totals.scored()).and(totals).and(cost));
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
                .with("usersWithSomethingToFind", found.model().users())
                .with("items", found.items())
                .and(time.figures(found.learnt())));
        Map<String, NearestAverages> rows = new LinkedHashMap<>();
        rows.put("model", found.model());
        rows.put(POPULARITY, found.popularity());
        rows.put(ITEM_KNN, found.itemNeighbours());
        rows.forEach((name, averages) -> {
            Figures row = new Figures().with("ranking", name);
            for (int at = 0; at < cutoffs.size(); at++) {
                row.with("recall@" + cutoffs.get(at), averages.recall(at));
            }
            for (int at = 0; at < cutoffs.size(); at++) {
                row.with("precision@" + cutoffs.get(at), averages.precision(at));
            }
            report.add("rows", row);
        });
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
                .with(
                        "queries",
                        found.windows().stream()
                                .mapToLong(window -> window.frozen().model().events())
                                .sum())
                .with("items", found.items())
                .with("learnt", found.learnt())
                .with("refusedSteps", found.refusedSteps())
                .and(time.figures(found.learnt())));
        Map<String, Function<Windows.Window, RankAverages>> rankings = new LinkedHashMap<>();
        rankings.put("frozen", window -> window.frozen().model());
        rankings.put("popularity, frozen", window -> window.frozen().popularity());
        rankings.put("online", window -> window.online().model());
        rankings.put("popularity, online", window -> window.online().popularity());
        rankings.forEach((name, averages) -> {
            Figures row = new Figures().with("mean over windows", name);
            measures((measure, cutoff) -> row.with(
                    measure.at(cutoff),
                    mean(found.windows().stream().map(averages).toList(), measure, cutoff)));
            report.add("means", row);
        });
        for (Windows.Window window : found.windows()) {
            rankings.forEach((name, averages) -> {
                Figures row = new Figures()
                        .with("window", window.name())
                        .with("events", window.positives())
                        .with("withoutHistory", window.withoutHistory())
                        .with("unseen", window.unseen())
                        .with("queries", averages.apply(window).events())
                        .with("ranking", name);
                measures((measure, cutoff) ->
                        row.with(measure.at(cutoff), mean(List.of(averages.apply(window)), measure, cutoff)));
                report.add("windows", row);
            });
        }
    }

    private static void measures(BiConsumer<Measure, Integer> each) {
        for (Measure measure : Measure.values()) {
            RankAverages.CUTOFFS.forEach(cutoff -> each.accept(measure, cutoff));
        }
    }

    /** The mean over windows, of which each weighs the same, with its standard error {@code √Σ s² / windows}. */
    private static Figures.Mean mean(List<RankAverages> windows, Measure measure, int cutoff) {
        double sum = 0;
        double squares = 0;
        for (RankAverages window : windows) {
            sum += window.mean(measure, cutoff);
            squares += Math.pow(window.standardError(measure, cutoff), 2);
        }
        return new Figures.Mean(sum / windows.size(), Math.sqrt(squares) / windows.size());
    }

    private Evaluation evaluation(MillraceSettings settings) {
        return new Evaluation(
                data.shares(settings), data.examples(settings), settings.trainer(), time, report.progress());
    }

    /**
     * Follows one of several runs over the same examples.
     *
     * @param before runs that are through
     * @param progress told how far all of them are
     */
    private static Progress ofRun(String name, int before, int runs, Progress progress) {
        return (part, examples, of) -> progress.reached(name, before * of + examples, runs * of);
    }

    private static void requireRanked(RankingTotals found) {
        if (found.scored() == 0) {
            throw OptionFaults.unusable("--data", "given", NOTHING_TO_RANK);
        }
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
