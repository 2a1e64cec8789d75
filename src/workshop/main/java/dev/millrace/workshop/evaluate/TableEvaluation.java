package dev.millrace.workshop.evaluate;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.evaluate.Prequential;
import dev.millrace.exam.RankingTotals;
import dev.millrace.operation.Progress;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** One table over many configurations: test, then learn, with each of them in turn. */
public final class TableEvaluation {

    private final EvaluationData data;
    private final EvaluationReport report;
    private final PrequentialEvaluation.Extras extras;
    private final PrintWriter err;
    private final ProgressLine progress;
    private int runs;
    private int through;

    /**
     * @param err takes a line for each configuration that is through
     * @param progress shows how far all of them are
     */
    public TableEvaluation(
            EvaluationData data,
            EvaluationReport report,
            PrequentialEvaluation.Extras extras,
            PrintWriter err,
            ProgressLine progress) {
        this.data = data;
        this.report = report;
        this.extras = extras;
        this.err = err;
        this.progress = progress;
    }

    /**
     * Runs all configurations, then shows and reports the table.
     *
     * @param name of the data set
     * @param configurations by name, the data set's own first
     */
    public void run(String name, Map<String, MillraceSettings> configurations) throws IOException {
        QualityTable rows = new QualityTable(name);
        int number = 0;
        runs = configurations.size() + (extras.frozen() ? 1 : 0);
        for (Map.Entry<String, MillraceSettings> each : configurations.entrySet()) {
            long began = System.nanoTime();
            RankingTotals totals = row(each.getKey(), each.getValue(), number == 0, rows);
            progress.end();
            err.printf(
                    Locale.ROOT,
                    "%d/%d %s: R@10 %.4f, R@100 %.4f, %,d s%n",
                    ++number,
                    configurations.size(),
                    each.getKey(),
                    totals.recallAt(10),
                    totals.recallAt(100),
                    (System.nanoTime() - began) / 1_000_000_000);
            err.flush();
        }
        report.show(rows.markdown(), rows.markdown(), rows.json());
    }

    /** Runs a configuration. The first one adds the rows of the baselines, which do not depend on the model. */
    private RankingTotals row(String name, MillraceSettings settings, boolean isFirst, QualityTable rows) {
        LearningTime time = new LearningTime();
        Prequential prequential = new Prequential(
                        data.shares(settings), data.examples(settings), settings.trainer(), time)
                .followedBy(next(name));
        Prequential.Result found = isFirst
                ? prequential.runWithItemNeighbours(Prequential.Mode.ONLINE)
                : prequential.run(Prequential.Mode.ONLINE);
        PrequentialEvaluation.requireRanked(found.exam().model());
        OptionalDouble perSecond = OptionalDouble.of(time.perSecond(found.learnt()));
        rows.add(new QualityTable.Row(name, found.exam().model(), perSecond, OptionalLong.of(found.refusedSteps())));
        if (extras.byAction()) {
            found.byAction()
                    .forEach((action, totals) ->
                            rows.add(QualityTable.Row.baseline(name + ", " + action, totals.model())));
        }
        if (isFirst) {
            if (extras.frozen()) {
                prequential.followedBy(next(name + ", frozen"));
                rows.add(QualityTable.Row.baseline(
                        name + ", frozen after the warm-up",
                        prequential.run(Prequential.Mode.FROZEN).exam().model()));
            }
            rows.add(QualityTable.Row.baseline("popularity", found.exam().popularity()));
            rows.add(QualityTable.Row.baseline(
                    Rival.item_knn.toString(), found.all().itemNeighbours()));
        }
        return found.exam().model();
    }

    private Progress next(String run) {
        return PrequentialEvaluation.ofRun(run, through++, runs, progress);
    }
}
