package dev.millrace.page;

import dev.millrace.alarm.Alarm;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.Decision;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentSums;
import dev.millrace.experiment.Guard;
import dev.millrace.experiment.Uplift;
import dev.millrace.follow.FollowedTopic;
import dev.millrace.follow.Freshness;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.follow.Readiness;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.VectorAges;
import dev.millrace.operation.OperatorAction;
import dev.millrace.operation.OperatorAction.Kind;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.recall.ServedGeneration;
import dev.millrace.recall.UserEncoder;
import dev.millrace.state.InputTopic;
import dev.millrace.train.Figure;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.ServingProgress;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * All that the page shows of one moment.
 *
 * @param at epoch milliseconds
 * @param learner of the generation that answers; the live one if none reports on it; absent before its first commit
 * @param ends of topics; absent if unknown
 * @param ages of the vectors of the index that answers
 */
record Snapshot(
        LiveSources sources, long at, Optional<PartProgress> learner, Optional<TopicEnds.Ends> ends, VectorAges ages) {

    private static final long LATEST_POSITIVES = 5_000;

    /** Its members, as the page reads them. docs/page.md explains them. */
    Map<String, Object> members() {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("at", at);
        members.put("bootstrapServers", sources.bootstrapServers());
        members.put("readiness", sources.state().readiness().body());
        learner.ifPresent(part ->
                part.training().ifPresent(training -> members.put("learner", learner(training, part.writtenAt()))));
        sources.progress().failure().ifPresent(failure -> members.put("progressFailure", failure.toString()));
        members.put("exam", exam(latestExam()));
        members.put("alarms", alarms());
        members.put("freshness", sources.state().freshness().recent(at));
        members.put("index", index());
        members.put("books", sources.progress().books());
        ends.ifPresent(known -> {
            Map<String, Object> records = new LinkedHashMap<>();
            known.behind().forEach((topic, count) -> records.put(topic.label(), count));
            members.put("lag", records);
            members.put("written", known.written());
            members.put("writtenAt", known.at());
        });
        members.put("audits", audits());
        members.put("figures", figures());
        members.put("counts", counts());
        members.put("generations", generations());
        sources.state().answeredBefore().ifPresent(before -> members.put("answeredBefore", before));
        sources.state()
                .latestExperiment()
                .ifPresent(experiment -> members.put("experiment", experiment(experiment, sums(experiment))));
        members.put("users", sources.state().recentUsers());
        sources.state().engine().served().ifPresent(served -> members.put("questions", questions(served.encoder())));
        return members;
    }

    /** The figures that charts show over time, by name; NaN where one is unknown. */
    Map<String, Double> figures() {
        ExamTotals exam = latestExam();
        Freshness.Quantiles fresh = sources.state().freshness().recent(at);
        Optional<TrainingProgress> training = learner.flatMap(PartProgress::training);
        Optional<TrainingProgress> learnt = training.filter(one -> one.positives() > 0);
        boolean isScored = exam.model().scored() > 0;
        boolean isFresh = fresh.count() > 0;
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("loss", learnt.map(TrainingProgress::loss).orElse(Double.NaN));
        figures.put("gradientNorm", learnt.map(TrainingProgress::gradientNorm).orElse(Double.NaN));
        figures.put("recall", isScored ? exam.model().recallAt(10) : Double.NaN);
        figures.put("recallError", isScored ? exam.model().standardErrorAt(10) : Double.NaN);
        figures.put("popularityRecall", isScored ? exam.popularity().recallAt(10) : Double.NaN);
        figures.put("freshP50", isFresh ? fresh.p50Millis() : Double.NaN);
        figures.put("freshP99", isFresh ? fresh.p99Millis() : Double.NaN);
        figures.put("oldestSteps", (double) ages.maxSteps());
        figures.put(
                "boundSteps",
                training.map(one -> one.figure(Figure.VECTOR_AGE_BOUND)).orElse(Double.NaN));
        figures.put("attributeLag", lagOf(InputTopic.EXPOSURES, InputTopic.CLICKS, InputTopic.USERS, InputTopic.ITEMS));
        figures.put("learnLag", lagOf(InputTopic.EXAMPLES));
        sources.state().latestExperiment().ifPresent(experiment -> {
            ExperimentSums sums = sums(experiment);
            put(figures, "uplift", Uplift.of(sums, experiment.plan()));
            for (Arm arm : Arm.values()) {
                put(figures, arm.label(), Uplift.ofArm(sums, arm, experiment.stage(), experiment.plan()));
            }
        });
        return figures;
    }

    /** Puts an estimate, and half the width of its bounds under the name with {@code Error}. */
    private static void put(Map<String, Double> figures, String name, Uplift bounds) {
        figures.put(name, bounds.estimate());
        figures.put(name + "Error", bounds.upper() - bounds.estimate());
    }

    private ExperimentSums sums(Experiment experiment) {
        return PartProgress.Counted.sums(experiment, sources.progress().parts().values());
    }

    /** What servers tell of each arm, and the bounds of the treatment. */
    private List<Map<String, Object>> guards(Experiment experiment) {
        Instant since = Instant.ofEpochMilli(at).minus(experiment.plan().maxAge());
        return Guard.readings(
                        experiment.plan(),
                        ServingProgress.history(experiment, sources.served().get(), since))
                .stream()
                .map(Guard.Reading::members)
                .toList();
    }

    private Map<String, Object> experiment(Experiment experiment, ExperimentSums sums) {
        Experiment.Stage stage = experiment.stages().get(experiment.stage());
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("name", experiment.name());
        members.put("treatment", experiment.treatment());
        members.put("goal", experiment.plan().goal());
        members.put("stage", experiment.stage() + 1);
        members.put("stages", experiment.plan().ramp().size());
        members.put("percent", stage.percent());
        members.put("since", stage.at());
        members.put("runs", experiment.isRunning());
        experiment.end().ifPresent(end -> {
            members.put("result", end.result().name().toLowerCase(Locale.ROOT).replace('_', ' '));
            members.put("why", end.why());
        });
        Uplift uplift = Uplift.of(sums, experiment.plan());
        if (!Double.isNaN(uplift.estimate())) {
            members.put("uplift", uplift.estimate());
            members.put("lower", uplift.lower());
            members.put("upper", uplift.upper());
        }
        Decision.blocked(sums, experiment.plan()).ifPresent(why -> members.put("blocked", why));
        PartProgress.Counted.uncounted(experiment, sources.progress().parts().values())
                .ifPresent(parts -> members.put("uncounted", parts));
        members.put("counts", sums.table(experiment));
        members.put("guards", guards(experiment));
        return members;
    }

    private double lagOf(InputTopic... topics) {
        return ends.map(known -> List.of(topics).stream()
                        .mapToDouble(topic -> known.behind().getOrDefault(topic, 0L))
                        .sum())
                .orElse(Double.NaN);
    }

    private ExamTotals latestExam() {
        return learner.map(part -> sources.progress().examOfLast(part.part(), LATEST_POSITIVES))
                .orElse(ExamTotals.NONE);
    }

    private static Map<String, Object> learner(TrainingProgress training, long committedAt) {
        Map<String, Object> learner = new LinkedHashMap<>();
        learner.put("generation", training.generation());
        learner.put("step", training.step());
        learner.put("positives", training.positives());
        learner.put("refusedSteps", training.refusedSteps());
        learner.put("loss", training.loss());
        learner.put("gradientNorm", training.gradientNorm());
        learner.put("eventTime", training.eventTime());
        learner.put("digest", training.digest());
        learner.put("items", training.items());
        learner.put("unannounced", training.unannounced());
        learner.put("rows", training.rows().rows());
        learner.put("rowsExpired", training.rows().expired());
        learner.put("rowsDisplaced", training.rows().displaced());
        learner.put("fieldWeights", training.fieldWeights());
        learner.put("figures", training.figures());
        training.withheld().ifPresent(reason -> learner.put("withheld", reason));
        learner.put("committedAt", committedAt);
        return learner;
    }

    private static Map<String, Object> exam(ExamTotals totals) {
        Map<String, Object> exam = new LinkedHashMap<>();
        exam.put("scored", totals.model().scored());
        exam.put("model", ranking(totals.model()));
        exam.put("popularity", ranking(totals.popularity()));
        Map<String, Object> young = new LinkedHashMap<>();
        totals.young().forEach((youth, found) -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("scored", found.model().scored());
            one.put("model", ranking(found.model()));
            one.put("popularity", ranking(found.popularity()));
            young.put(youth.label(), one);
        });
        exam.put("young", young);
        return exam;
    }

    private static Map<String, Object> ranking(RankingTotals totals) {
        Map<String, Object> ranking = new LinkedHashMap<>();
        ranking.put("recall10", totals.recallAt(10));
        ranking.put("error10", totals.standardErrorAt(10));
        ranking.put("recall100", totals.recallAt(100));
        ranking.put("error100", totals.standardErrorAt(100));
        return ranking;
    }

    private List<Map<String, Object>> alarms() {
        List<Map<String, Object>> ofModel = learner.flatMap(PartProgress::training).stream()
                .flatMap(training -> training.alarms().stream())
                .map(Snapshot::alarm)
                .toList();
        List<Map<String, Object>> ofInputs = sources.inputs().states().stream()
                .map(state -> alarm(state.kind().text(), state.value(), state.limit(), state.isActive()))
                .toList();
        return Stream.concat(ofModel.stream(), ofInputs.stream()).toList();
    }

    private static Map<String, Object> alarm(Alarm alarm) {
        return alarm(alarm.kind().text(), alarm.value(), alarm.limit(), alarm.isActive());
    }

    private static Map<String, Object> alarm(String kind, double value, double limit, boolean isActive) {
        return Map.of("kind", kind, "value", value, "limit", limit, "active", isActive);
    }

    private Map<String, Object> index() {
        Map<String, Object> index = new LinkedHashMap<>();
        sources.state().engine().served().map(ServedGeneration::index).ifPresent(one -> {
            index.put("items", one.size());
            index.put("step", one.newestStep());
            index.put("publishedAt", one.newestPublication());
            index.put("oldestSteps", ages.maxSteps());
            index.put("oldestPublishedAt", ages.oldestPublication());
        });
        return index;
    }

    /** The latest verification of each kind, and why there is none where the server may not know. */
    private Map<String, Object> audits() {
        Map<String, Object> audits = new LinkedHashMap<>();
        sources.audits().latest(Kind.VERIFY_MODEL).ifPresent(audit -> audits.put("model", audit(audit)));
        sources.audits().latest(Kind.VERIFY_COUNTS).ifPresent(audit -> audits.put("counts", audit(audit)));
        sources.audits().failure().ifPresent(failure -> audits.put("failure", failure.toString()));
        return audits;
    }

    private static Map<String, Object> audit(OperatorAction audit) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("agrees", audit.result() == OperatorAction.Result.AGREES);
        members.put("at", audit.at());
        members.put("target", audit.target());
        members.put("detail", audit.detail());
        return members;
    }

    /** Counts that only grow, from which the page tells rates. */
    private Map<String, Object> counts() {
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("embeddingsRead", sources.state().taken(FollowedTopic.ITEM_EMBEDDINGS));
        counts.put("modelUpdatesRead", sources.state().taken(FollowedTopic.MODEL_UPDATES));
        counts.put("neighboursRead", sources.state().taken(FollowedTopic.ITEM_NEIGHBOURS));
        counts.put("usersRead", sources.state().taken(FollowedTopic.USER_FEATURES));
        counts.put("generationsRead", sources.state().taken(FollowedTopic.GENERATIONS));
        counts.put("progressRead", sources.progress().recordsRead());
        return counts;
    }

    /** Each generation that the server keeps, with what its own learner says of it. */
    private List<Map<String, Object>> generations() {
        Readiness readiness = sources.state().readiness();
        return readiness.generations().stream()
                .map(status -> {
                    Map<String, Object> one = new LinkedHashMap<>();
                    one.put("generation", status.generation());
                    one.put("items", status.items());
                    one.put("complete", status.isComplete());
                    one.put("answers", readiness.generation().equals(Optional.of(status.generation())));
                    one.put("promoted", readiness.promoted().equals(Optional.of(status.generation())));
                    sources.state().caution(status.generation()).ifPresent(caution -> one.put("caution", caution));
                    sources.progress()
                            .learnerOf(status.generation())
                            .flatMap(PartProgress::training)
                            .ifPresent(training -> {
                                one.put("step", training.step());
                                one.put("loss", training.loss());
                                one.put("exam", exam(training.exam()));
                            });
                    return one;
                })
                .toList();
    }

    /** What a question to the generation that answers may choose. */
    private Map<String, Object> questions(UserEncoder encoder) {
        Map<String, Object> questions = new LinkedHashMap<>();
        questions.put("weights", encoder.queryWeights());
        questions.put("attributes", encoder.attributes());
        PriorWeights weights = sources.weights().or(encoder.prior());
        questions.put("popularityWeight", weights.popularity());
        questions.put("neighboursWeight", weights.neighbours());
        return questions;
    }

    /** The learner of the generation that answers; the live one if none reports on it. */
    static Optional<PartProgress> learnerOf(LiveSources sources) {
        ProgressWatch progress = sources.progress();
        return sources.state()
                .engine()
                .served()
                .flatMap(served -> progress.learnerOf(served.generation()))
                .or(() -> Optional.ofNullable(progress.parts().get(PartProgress.LEARNER)));
    }

    /** The ages of the vectors of the index that answers. */
    static VectorAges agesOf(LiveSources sources) {
        return sources.state()
                .engine()
                .served()
                .map(ServedGeneration::index)
                .map(ItemIndex::ages)
                .orElse(VectorAges.NONE);
    }
}
