package dev.millrace.train;

import dev.millrace.batch.MiniBatch;
import dev.millrace.model.HeapRows;
import dev.millrace.model.StepReport;
import dev.millrace.model.TwoTower;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.publish.PublicationPlan;
import dev.millrace.state.Form;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/** Collects figures by the label of their {@link Figure}. */
final class Figures {

    private static final int BATCHES = 256;

    private Figures() {}

    /**
     * Returns the figures of a learnt step.
     *
     * @param model after the step
     * @param halfLives of popularity
     * @param before figures of the step before
     */
    static SortedMap<String, Double> learnt(
            MiniBatch batch,
            StepReport report,
            TwoTower model,
            List<Duration> halfLives,
            SortedMap<String, Double> before) {
        SortedMap<String, Double> figures = new TreeMap<>();
        repeats(batch, Optional.ofNullable(before.get(Figure.REPEATS.label())))
                .ifPresent(share -> figures.put(Figure.REPEATS.label(), share));
        if (!batch.rehearsed().isEmpty()) {
            figures.put(Figure.REHEARSED.label(), (double) batch.rehearsed().size());
        }
        figures.put(Figure.TEMPERATURE.label(), report.temperature());
        figures.put(Figure.LOG_Q_LOW.label(), report.logQLow());
        figures.put(Figure.LOG_Q_MEDIAN.label(), report.logQMedian());
        figures.put(Figure.LOG_Q_HIGH.label(), report.logQHigh());
        PriorWeights prior = model.mixture().relative();
        figures.put(Figure.POPULARITY_WEIGHT.label(), prior.popularity());
        figures.put(
                Figure.POPULARITY_HALF_LIFE.label(),
                halfLives.get(prior.halfLife()).toMillis() / 1e3);
        figures.put(Figure.AGE_WEIGHT.label(), prior.age());
        figures.put(Figure.NEWNESS_WEIGHT.label(), prior.newness());
        figures.put(Figure.NEIGHBOURS_WEIGHT.label(), prior.neighbours());
        figures.put(Figure.YOUNG_BONUS.label(), model.mixture().bonus());
        for (int weight = 0; weight < prior.repeats().size(); weight++) {
            String place = String.valueOf(PriorWeights.firstPlace(weight));
            figures.put(Figure.REPEAT_WEIGHT.label(place), prior.repeats().get(weight));
        }
        model.objectiveWeights()
                .forEach((action, weight) -> figures.put(Figure.OBJECTIVE_WEIGHT.label(action), weight));
        return Collections.unmodifiableSortedMap(figures);
    }

    /** Returns the share of repeats among the latest examples: a mean in which a batch's weight falls by 1 / {@value #BATCHES} with each later one. */
    private static Optional<Double> repeats(MiniBatch batch, Optional<Double> before) {
        OptionalDouble share = batch.counted().stream()
                .filter(example -> !example.user().history().isEmpty())
                .mapToInt(example -> example.user().history().contains(example.item()) ? 1 : 0)
                .average();
        return share.isEmpty()
                ? before
                : Optional.of(before.map(known -> known + (share.getAsDouble() - known) / BATCHES)
                        .orElse(share.getAsDouble()));
    }

    /** Numbers by their labels, as fields. */
    static SortedMap<String, Double> fields(Form form, SortedMap<String, Double> now) {
        SortedMap<String, Double> numbers = new TreeMap<>();
        form.list(
                        List.copyOf(now.entrySet()),
                        Map.entry("", 0.0),
                        (each, number) -> Map.entry(each.text(number.getKey()), each.number(number.getValue())))
                .forEach(number -> numbers.put(number.getKey(), number.getValue()));
        return Collections.unmodifiableSortedMap(numbers);
    }

    /**
     * Returns the figures of a learnt step, of the last publication and of the rows.
     *
     * @param vectors number of vectors published so far, repeats included
     */
    static SortedMap<String, Double> published(
            SortedMap<String, Double> learnt, PublicationPlan.Age age, long vectors, HeapRows rows) {
        SortedMap<String, Double> figures = new TreeMap<>(learnt);
        figures.put(Figure.VECTOR_AGE_MAX.label(), (double) age.maxSteps());
        figures.put(Figure.VECTOR_AGE_P99.label(), (double) age.p99Steps());
        figures.put(Figure.VECTOR_AGE_MEAN.label(), age.meanSteps());
        figures.put(Figure.VECTOR_AGE_SECONDS.label(), age.maxMillis() / 1e3);
        figures.put(Figure.VECTOR_AGE_BOUND.label(), (double) age.boundSteps());
        figures.put(Figure.PUBLISHED_VECTORS.label(), (double) vectors);
        figures.put(Figure.ROW_CACHE_BYTES.label(), (double) rows.bytes());
        figures.put(Figure.ROWS_MISSED.label(), (double) rows.missed());
        figures.put(Figure.ROWS_LEARNT.label(), (double) rows.learnt());
        return figures;
    }
}
