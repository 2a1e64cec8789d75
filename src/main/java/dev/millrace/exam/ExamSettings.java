package dev.millrace.exam;

import dev.millrace.batch.FastPopularity;
import dev.millrace.settings.SettingsReader;
import java.time.Duration;
import java.util.List;

/**
 * Settings of the exam.
 *
 * @param everySteps steps between two exams
 * @param maxExamples most examples of one batch in its exam, the first ones
 * @param popularityHalfLife event time after which a click weighs half in the popularity baseline
 * @param popularityWeight β of the score cos / τ + β log p that the exam ranks by
 * @param otherWeights further weights to rank by, for comparison
 */
public record ExamSettings(
        int everySteps,
        int maxExamples,
        Duration popularityHalfLife,
        double popularityWeight,
        List<QueryWeights> otherWeights) {

    public ExamSettings {
        otherWeights = List.copyOf(otherWeights);
    }

    public static ExamSettings read(SettingsReader reader) {
        return new ExamSettings(
                reader.integer(
                        "exam.every-steps",
                        1,
                        1,
                        1_000_000,
                        "steps between two exams; an exam costs a scan of the catalogue"),
                reader.integer(
                        "exam.max-examples", 8192, 1, 8192, "most examples of a batch in its exam, the first ones"),
                reader.duration(
                        "exam.popularity-half-life",
                        Duration.ofHours(6),
                        Duration.ofMinutes(1),
                        Duration.ofDays(36_500),
                        "event time after which a click weighs half in the popularity baseline"),
                reader.number(
                        "exam.popularity-weight",
                        0,
                        0,
                        FastPopularity.MAX_WEIGHT,
                        "beta of the score cos / temperature + beta log p that the exam ranks by"),
                List.of());
    }

    /** Returns these settings with other further weights. */
    public ExamSettings withOtherWeights(List<QueryWeights> weights) {
        return new ExamSettings(everySteps, maxExamples, popularityHalfLife, popularityWeight, weights);
    }
}
