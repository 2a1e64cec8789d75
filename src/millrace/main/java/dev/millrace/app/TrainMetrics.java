package dev.millrace.app;

import dev.millrace.alarm.Alarm;
import dev.millrace.alarm.Symptom;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.exam.Youth;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.Side;
import dev.millrace.train.Figure;
import dev.millrace.train.Figure.Kind;
import dev.millrace.train.TrainingProgress;
import io.micrometer.core.instrument.Tags;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * A learner's metrics.
 *
 * <p>All are read from its latest training progress. Before the first commit gauges are not a number.
 */
final class TrainMetrics {

    private static final long LATEST_POSITIVES = 5_000;

    private final Metrics metrics;
    private final ProgressWatch progress;

    /** @param progress read at each scrape */
    TrainMetrics(Metrics metrics, ProgressWatch progress) {
        this.metrics = metrics;
        this.progress = progress;
    }

    /** Registers the metrics of a learner of this model. */
    void register(ModelSettings model) {
        progress.onceCaughtUp(this::counters);
        gauges();
        figures(model);
        exam("model", ExamTotals::model);
        exam("popularity", ExamTotals::popularity);
        for (Youth youth : Youth.values()) {
            young(youth, "model", ExamTotals.Young::model);
            young(youth, "popularity", ExamTotals.Young::popularity);
        }
        alarms();
    }

    private void counters() {
        counter("millrace.learn.positives", "positives learnt", TrainingProgress::positives);
        counter(
                "millrace.learn.refused.steps",
                "steps refused because they would have made the model not finite",
                TrainingProgress::refusedSteps);
        counter("millrace.exam.scored", "events ranked by exams", training -> training.exam()
                .model()
                .scored());
        for (Figure figure : Figure.values()) {
            if (figure.kind() == Kind.COUNTER) {
                counter("millrace." + figure.metric(), figure.help(), figureOrZero(figure));
            }
        }
    }

    private void gauges() {
        gauge("millrace.learn.step", "steps learnt", TrainingProgress::step);
        gauge("millrace.learn.loss", "loss of the last step", TrainingProgress::loss);
        gauge("millrace.learn.items", "items in the catalogue", TrainingProgress::items);
        gauge(
                "millrace.learn.withheld",
                "1 while vectors and query side are not published",
                training -> training.withheld().isPresent() ? 1 : 0);
    }

    private void figures(ModelSettings model) {
        for (Figure figure : Figure.values()) {
            String name = "millrace." + figure.metric();
            Tags tags = figure.of().isEmpty() ? Tags.empty() : Tags.of("of", figure.of());
            switch (figure.kind()) {
                case GAUGE -> gauge(name, figure.help(), tags, training -> training.figure(figure));
                case GAUGE_FROM_ZERO -> gauge(name, figure.help(), tags, figureOrZero(figure));
                case COUNTER, NONE -> {}
            }
        }
        model.learnedObjectives()
                .forEach(action -> gauge(
                        "millrace.learn.objective.weight",
                        "weight of the loss of an action after the last step",
                        Tags.of("action", action),
                        training -> training.figure(Figure.OBJECTIVE_WEIGHT, action)));
        for (Side side : Side.values()) {
            model.weightedFields(side)
                    .forEach(field -> gauge(
                            "millrace.field.weight",
                            "mean weight of a feature in the last batch learnt",
                            Tags.of("side", side.text(), "field", field),
                            training -> training.fieldWeights().getOrDefault(side.text() + "." + field, Double.NaN)));
        }
    }

    /** The exam over the latest positives, of the model or of popularity beside it. */
    private void exam(String by, Function<ExamTotals, RankingTotals> totals) {
        for (int cutoff : RankingTotals.CUTOFFS) {
            Tags tags = Tags.of("by", by, "k", String.valueOf(cutoff));
            Supplier<RankingTotals> latest = () -> totals.apply(progress.examOfLast(LATEST_POSITIVES));
            metrics.gauge(
                    "millrace.exam.recall",
                    "share of the last ranked events whose item was among the first k",
                    tags,
                    () -> latest.get().recallAt(cutoff));
            metrics.gauge(
                    "millrace.exam.recall.standard.error", "standard error of the recall", tags, () -> latest.get()
                            .standardErrorAt(cutoff));
        }
    }

    /** The same of events whose item was young. */
    private void young(Youth youth, String by, Function<ExamTotals.Young, RankingTotals> totals) {
        for (int cutoff : RankingTotals.CUTOFFS) {
            metrics.gauge(
                    "millrace.exam.young.recall",
                    "share of the last ranked events with a young item whose item was among the first k",
                    Tags.of("by", by, "k", String.valueOf(cutoff), "item", youth.label()),
                    () -> totals.apply(progress.examOfLast(LATEST_POSITIVES).young(youth))
                            .recallAt(cutoff));
        }
    }

    private void alarms() {
        for (Symptom kind : Symptom.OF_MODEL) {
            Tags tags = Tags.of("alarm", kind.text());
            gauge(
                    "millrace.model.alarm",
                    "1 while a measure of the model is beyond its limit",
                    tags,
                    training -> ofKind(training, kind).filter(Alarm::isActive).isPresent() ? 1 : 0);
            gauge(
                    "millrace.model.measure",
                    "the measure that the alarm compares with its limit",
                    tags,
                    training -> ofKind(training, kind).map(Alarm::value).orElse(Double.NaN));
        }
    }

    private static Optional<Alarm> ofKind(TrainingProgress training, Symptom kind) {
        return training.alarms().stream().filter(alarm -> alarm.kind() == kind).findFirst();
    }

    private static ToDoubleFunction<TrainingProgress> figureOrZero(Figure figure) {
        return training -> training.figures().getOrDefault(figure.label(), 0.0);
    }

    private void counter(String name, String description, ToDoubleFunction<TrainingProgress> value) {
        metrics.counter(name, description, Tags.empty(), () -> latest(value).orElse(0));
    }

    private void gauge(String name, String description, ToDoubleFunction<TrainingProgress> value) {
        gauge(name, description, Tags.empty(), value);
    }

    private void gauge(String name, String description, Tags tags, ToDoubleFunction<TrainingProgress> value) {
        metrics.gauge(name, description, tags, () -> latest(value).orElse(Double.NaN));
    }

    private OptionalDouble latest(ToDoubleFunction<TrainingProgress> value) {
        return progress.training().stream().mapToDouble(value).findFirst();
    }
}
