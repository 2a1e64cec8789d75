package dev.millrace.app;

import dev.millrace.alarm.Alarm;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.exam.Youth;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.Side;
import dev.millrace.train.Figure;
import dev.millrace.train.TrainingProgress;
import io.micrometer.core.instrument.Tags;
import java.util.Map;
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
        counter("millrace.publish.vectors", "vectors published", figureOrZero(Figure.PUBLISHED_VECTORS));
        counter(
                "millrace.learn.rows",
                "embedding rows that steps learnt from since this learner started",
                figureOrZero(Figure.ROWS_LEARNT));
        counter(
                "millrace.learn.rows.missed",
                "embedding rows that steps had to read from the state directory since this learner started",
                figureOrZero(Figure.ROWS_MISSED));
    }

    private void gauges() {
        gauge("millrace.learn.step", "steps learnt", TrainingProgress::step);
        gauge("millrace.learn.loss", "loss of the last step", TrainingProgress::loss);
        gauge("millrace.learn.items", "items in the catalogue", TrainingProgress::items);
        gauge(
                "millrace.learn.withheld",
                "1 while vectors and query side are not published",
                training -> training.withheld().isPresent() ? 1 : 0);
        gauge(
                "millrace.learn.rehearsed",
                "examples of earlier batches that the last batch learnt again",
                figureOrZero(Figure.REHEARSED));
        gauge(
                "millrace.learn.announced.items",
                "items, and changes of items, that wait for their time",
                figureOrZero(Figure.ANNOUNCED));
        gauge(
                "millrace.learn.clock.timestamp.seconds",
                "event time up to which announced items have come",
                figureOrZero(Figure.CLOCK));
    }

    private void figures(ModelSettings model) {
        figure("learn.temperature", Figure.TEMPERATURE, "temperature of the softmax after the last step");
        figure(
                "learn.popularity.weight",
                Figure.POPULARITY_WEIGHT,
                "learned weight of recent popularity in the score cos / temperature + weight * log popularity");
        figure(
                "learn.popularity.half.life.seconds",
                Figure.POPULARITY_HALF_LIFE,
                "half-life of recent popularity that leads, in event time");
        figure("learn.age.weight", Figure.AGE_WEIGHT, "learned weight of log(1 + hours of age) in the same score");
        figure(
                "learn.newness.weight",
                Figure.NEWNESS_WEIGHT,
                "learned weight of log(1 + hours of age), up to 2, in the same score");
        figure(
                "learn.neighbours.weight",
                Figure.NEIGHBOURS_WEIGHT,
                "learned weight of how near an item is to the user's latest clicks in the same score");
        figure("learn.row.cache.bytes", Figure.ROW_CACHE_BYTES, "embedding rows on the learner's heap");
        figure(
                "publish.vector.age.seconds",
                Figure.VECTOR_AGE_SECONDS,
                "age of the oldest published vector at the last publication, in event time");
        figure(
                "publish.vector.age.bound.steps",
                Figure.VECTOR_AGE_BOUND,
                "bound in force on the age of the oldest published vector, learning steps; 0: none");
        figures(
                "publish.vector.age.steps",
                Map.of("max", Figure.VECTOR_AGE_MAX, "p99", Figure.VECTOR_AGE_P99, "mean", Figure.VECTOR_AGE_MEAN),
                "age of the published vectors at the last publication, learning steps");
        figures(
                "learn.log.q",
                Map.of("p5", Figure.LOG_Q_LOW, "p50", Figure.LOG_Q_MEDIAN, "p95", Figure.LOG_Q_HIGH),
                "natural log of the sampling probability of the last batch's columns");
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
        for (Alarm.Kind kind : Alarm.Kind.values()) {
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

    private static Optional<Alarm> ofKind(TrainingProgress training, Alarm.Kind kind) {
        return training.alarms().stream().filter(alarm -> alarm.kind() == kind).findFirst();
    }

    private static ToDoubleFunction<TrainingProgress> figureOrZero(Figure figure) {
        return training -> training.figures().getOrDefault(figure.label(), 0.0);
    }

    /** Figures that are told apart by {@code of}. */
    private void figures(String name, Map<String, Figure> figures, String description) {
        figures.forEach((of, figure) ->
                gauge("millrace." + name, description, Tags.of("of", of), training -> training.figure(figure)));
    }

    private void figure(String name, Figure figure, String description) {
        gauge("millrace." + name, description, training -> training.figure(figure));
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
