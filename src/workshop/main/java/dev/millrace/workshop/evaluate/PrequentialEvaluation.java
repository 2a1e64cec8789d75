package dev.millrace.workshop.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.evaluate.ActionTotals;
import dev.millrace.evaluate.Prequential;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.QueryWeights;
import dev.millrace.exam.RankingTotals;
import dev.millrace.operation.Progress;
import dev.millrace.train.TrainerSettings;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Test, then learn: the model beside popularity, and beside whatever else was asked for. */
public final class PrequentialEvaluation implements EvaluationProtocol {

    /**
     * What is scored besides the model and popularity.
     *
     * @param weights of queries, as {@link WeightsOption} reads them
     * @param rivals other baselines
     * @param frozen a model that stops learning after the warm-up
     * @param byAction the figures of each action too
     */
    public record Extras(List<String> weights, List<Rival> rivals, boolean frozen, boolean byAction) {
        public Extras {
            weights = List.copyOf(weights);
            rivals = List.copyOf(rivals);
        }

        boolean hasNeighbours() {
            return rivals.contains(Rival.item_knn);
        }
    }

    static final String NOTHING_TO_RANK =
            "must have events to rank: clicks of users with an earlier click, behind the warm-up";

    private final EvaluationData data;
    private final EvaluationReport report;
    private final Extras extras;
    private final Progress progress;

    public PrequentialEvaluation(EvaluationData data, EvaluationReport report, Extras extras, Progress progress) {
        this.data = data;
        this.report = report;
        this.extras = extras;
        this.progress = progress;
    }

    @Override
    public void run(MillraceSettings settings) throws IOException {
        LearningTime time = new LearningTime();
        int runs = extras.frozen() ? 2 : 1;
        Prequential prequential = new Prequential(
                        data.shares(settings), data.examples(settings), withWeights(settings.trainer()), time)
                .followedBy(ofRun("", 0, runs, progress));
        Prequential.Result online = extras.hasNeighbours()
                ? prequential.runWithItemNeighbours(Prequential.Mode.ONLINE)
                : prequential.run(Prequential.Mode.ONLINE);
        requireRanked(online.exam().model());
        double perSecond = time.perSecond(online.learnt());
        ExamTotals exam = online.exam();
        Map<String, RankingTotals> rows = rows(new ActionTotals(
                exam.model(), exam.popularity(), exam.others(), online.all().itemNeighbours()));
        if (extras.frozen()) {
            prequential.followedBy(ofRun("frozen", 1, runs, progress));
            ExamTotals still = prequential.run(Prequential.Mode.FROZEN).exam();
            rows.put("frozen", still.model());
            addOthers("frozen ", still.others(), rows);
        }

        ObjectNode json = EvaluationReport.object()
                .put("scored", exam.model().scored())
                .put("withoutHistory", exam.withoutHistory())
                .put("positives", online.positives())
                .put("items", online.items())
                .put("examplesPerSecond", Math.round(perSecond));
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%,d events scored, %,d without history not scored, %,d items; %,.0f examples learnt a second of CPU time%n",
                exam.model().scored(),
                exam.withoutHistory(),
                online.items(),
                perSecond));
        text.append(RecallTable.HEAD).append(System.lineSeparator());
        append(rows, text, json);
        text.append(String.format(
                Locale.ROOT,
                "one standard error of the model: R@10 ± %.4f, R@100 ± %.4f%n",
                exam.model().standardErrorAt(10),
                exam.model().standardErrorAt(100)));
        if (extras.byAction()) {
            ObjectNode actions = json.putObject("byAction");
            online.byAction().forEach((action, totals) -> {
                long scored = totals.model().scored();
                text.append(String.format(Locale.ROOT, "%s: %,d events scored%n", action, scored));
                append(rows(totals), text, actions.putObject(action).put("scored", scored));
            });
        }
        String fence = "```" + System.lineSeparator();
        report.show(text.toString(), fence + text + fence, json);
    }

    /**
     * Follows one of several runs over the same examples.
     *
     * @param before runs that are through
     * @param progress told how far all of them are
     */
    static Progress ofRun(String name, int before, int runs, Progress progress) {
        return (part, examples, of) -> progress.reached(name, before * of + examples, runs * of);
    }

    static void requireRanked(RankingTotals found) {
        if (found.scored() == 0) {
            throw OptionFaults.unusable("--data", "given", NOTHING_TO_RANK);
        }
    }

    private TrainerSettings withWeights(TrainerSettings trainer) {
        List<QueryWeights> others = WeightsOption.parsed(
                extras.weights(), trainer.exam().weights(), trainer.model().queryWeights());
        return trainer.withExam(trainer.exam().withOtherWeights(others));
    }

    private Map<String, RankingTotals> rows(ActionTotals totals) {
        Map<String, RankingTotals> rows = new LinkedHashMap<>();
        rows.put("model", totals.model());
        addOthers("", totals.others(), rows);
        rows.put("popularity", totals.popularity());
        if (extras.hasNeighbours()) {
            rows.put(Rival.item_knn.toString(), totals.itemNeighbours());
        }
        return rows;
    }

    /** The rankings by other weights, each a row. */
    private void addOthers(String prefix, List<RankingTotals> others, Map<String, RankingTotals> rows) {
        for (int at = 0; at < others.size(); at++) {
            rows.put(prefix + extras.weights().get(at).strip(), others.get(at));
        }
    }

    private static void append(Map<String, RankingTotals> rows, StringBuilder text, ObjectNode json) {
        rows.forEach((name, totals) -> {
            text.append(RecallTable.row(name, totals)).append(System.lineSeparator());
            EvaluationReport.put(json.putObject(name), totals);
        });
    }
}
