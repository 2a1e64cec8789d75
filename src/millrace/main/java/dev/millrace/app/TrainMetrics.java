package dev.millrace.app;

import dev.millrace.alarm.Alarm;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.Side;
import dev.millrace.train.Figure;
import dev.millrace.train.TrainingProgress;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * The trainer's metrics, under the names that docs/operations.md lists.
 *
 * <p>All are read from the latest training progress. Before the first commit gauges are not a number. Counters are there once that
 * progress is the latest that there is, so that they never go back for a start of this process.
 */
final class TrainMetrics {

    private static final long LATEST_POSITIVES = 5_000;

    private final MeterRegistry registry;
    private final ProgressWatch progress;

    /** @param progress read at each scrape. The registry does not keep it alive */
    TrainMetrics(MeterRegistry registry, ProgressWatch progress) {
        this.registry = registry;
        this.progress = progress;
    }

    /** Registers the metrics of a learner of this model. */
    void register(ModelSettings model) {
        progress.onceCaughtUp(this::counters);
        steps();
        figures(model);
        fieldWeights(model);
        exam();
        alarms();
    }

    /** What only grows. */
    private void counters() {
        counter("millrace.learn.positives", "positives learnt", TrainingProgress::positives);
        counter(
                "millrace.learn.refused.steps",
                "steps refused because they would have made the model not finite",
                TrainingProgress::refusedSteps);
        counter("millrace.exam.scored", "events ranked by exams", training -> training.exam()
                .model()
                .scored());
        counter("millrace.publish.vectors", "vectors published", Figure.PUBLISHED_VECTORS);
        counter(
                "millrace.learn.rows",
                "embedding rows that steps learnt from since this learner started",
                Figure.ROWS_LEARNT);
        counter(
                "millrace.learn.rows.missed",
                "embedding rows that steps had to read from the state directory since this learner started",
                Figure.ROWS_MISSED);
    }

    private void steps() {
        gauge("millrace.learn.step", "steps learnt", TrainingProgress::step);
        gauge("millrace.learn.loss", "loss of the last step", TrainingProgress::loss);
        gauge("millrace.learn.items", "items in the catalogue", TrainingProgress::items);
        gauge(
                "millrace.learn.withheld",
                "1 while vectors and query side are not published",
                training -> training.withheld().isPresent() ? 1 : 0);
    }

    private void figures(ModelSettings model) {
        gauge(
                "millrace.learn.rehearsed",
                "examples of earlier batches that the last batch learnt again",
                training -> training.figures().getOrDefault(Figure.REHEARSED.label(), 0.0));
        figure("millrace.learn.temperature", "temperature of the softmax after the last step", Figure.TEMPERATURE);
        figure(
                "millrace.learn.popularity.weight",
                "learned weight of recent popularity in the score cos / temperature + weight * log popularity",
                Figure.POPULARITY_WEIGHT);
        figure(
                "millrace.learn.age.weight",
                "learned weight of log(1 + hours of age) in the same score",
                Figure.AGE_WEIGHT);
        figure(
                "millrace.learn.newness.weight",
                "learned weight of log(1 + hours of age), up to 2, in the same score",
                Figure.NEWNESS_WEIGHT);
        figure(
                "millrace.learn.neighbours.weight",
                "learned weight of how near an item is to the user's latest clicks in the same score",
                Figure.NEIGHBOURS_WEIGHT);
        figures(
                "millrace.publish.vector.age.steps",
                "age of the published vectors at the last publication, learning steps",
                Map.of("max", Figure.VECTOR_AGE_MAX, "p99", Figure.VECTOR_AGE_P99, "mean", Figure.VECTOR_AGE_MEAN));
        figure(
                "millrace.publish.vector.age.seconds",
                "age of the oldest published vector at the last publication, in event time",
                Figure.VECTOR_AGE_SECONDS);
        figure(
                "millrace.publish.vector.age.bound.steps",
                "bound in force on the age of the oldest published vector, learning steps; 0: none",
                Figure.VECTOR_AGE_BOUND);
        figure("millrace.learn.row.cache.bytes", "embedding rows on the learner's heap", Figure.ROW_CACHE_BYTES);
        figures(
                "millrace.learn.log.q",
                "natural log of the sampling probability of the last batch's columns",
                Map.of("p5", Figure.LOG_Q_LOW, "p50", Figure.LOG_Q_MEDIAN, "p95", Figure.LOG_Q_HIGH));
        model.learnedObjectives()
                .forEach(action -> gauge(
                        "millrace.learn.objective.weight",
                        "weight of the loss of an action after the last step",
                        Tags.of("action", action),
                        training -> training.figure(Figure.OBJECTIVE_WEIGHT, action)));
    }

    /** The exam over the latest positives, of the model and of popularity beside it. */
    private void exam() {
        Map<String, Function<ExamTotals, RankingTotals>> ranked =
                Map.of("model", ExamTotals::model, "popularity", ExamTotals::popularity);
        ranked.forEach((by, totals) -> {
            for (int cutoff : RankingTotals.CUTOFFS) {
                Tags tags = Tags.of("by", by, "k", String.valueOf(cutoff));
                latest(
                        "millrace.exam.recall",
                        "share of the last ranked events whose item was among the first k",
                        tags,
                        exam -> totals.apply(exam).recallAt(cutoff));
                latest(
                        "millrace.exam.recall.standard.error",
                        "standard error of the recall",
                        tags,
                        exam -> totals.apply(exam).standardErrorAt(cutoff));
            }
        });
    }

    private void latest(String name, String description, Tags tags, ToDoubleFunction<ExamTotals> value) {
        Gauge.builder(name, progress, one -> value.applyAsDouble(one.examOfLast(LATEST_POSITIVES)))
                .description(description)
                .tags(tags)
                .register(registry);
    }

    /** A gauge for each feature of a tower that weighs its fields. */
    private void fieldWeights(ModelSettings model) {
        for (Side side : Side.values()) {
            model.weightedFields(side).forEach(field -> fieldWeight(side.text(), field));
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

    private void counter(String name, String description, Figure figure) {
        counter(name, description, training -> training.figures().getOrDefault(figure.label(), 0.0));
    }

    private void counter(String name, String description, ToDoubleFunction<TrainingProgress> value) {
        FunctionCounter.builder(name, progress, one -> one.training()
                        .map(value::applyAsDouble)
                        .orElse(0.0))
                .description(description)
                .register(registry);
    }

    private void figure(String name, String description, Figure figure) {
        figure(name, description, Tags.empty(), figure);
    }

    private void figures(String name, String description, Map<String, Figure> byTag) {
        byTag.forEach((of, figure) -> figure(name, description, Tags.of("of", of), figure));
    }

    private void figure(String name, String description, Tags tags, Figure figure) {
        gauge(name, description, tags, training -> training.figure(figure));
    }

    private void fieldWeight(String side, String field) {
        gauge(
                "millrace.field.weight",
                "mean weight of a feature in the last batch learnt",
                Tags.of("side", side, "field", field),
                training -> training.fieldWeights().getOrDefault(side + "." + field, Double.NaN));
    }

    private void gauge(String name, String description, ToDoubleFunction<TrainingProgress> value) {
        gauge(name, description, Tags.empty(), value);
    }

    private void gauge(String name, String description, Tags tags, ToDoubleFunction<TrainingProgress> value) {
        Gauge.builder(name, progress, one -> one.training()
                        .map(value::applyAsDouble)
                        .orElse(Double.NaN))
                .description(description)
                .tags(tags)
                .register(registry);
    }
}
