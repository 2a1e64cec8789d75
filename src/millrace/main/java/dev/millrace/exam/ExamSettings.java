package dev.millrace.exam;

import dev.millrace.popularity.GivenWeights;
import dev.millrace.settings.SettingsReader;
import java.time.Duration;
import java.util.List;

/** Settings of the exam. */
public record ExamSettings(
        double budget,
        int everyBatchUpTo,
        Duration popularityHalfLife,
        GivenWeights weights,
        List<QueryWeights> otherWeights) {

    public ExamSettings {
        otherWeights = List.copyOf(otherWeights);
    }

    public static ExamSettings read(SettingsReader reader) {
        return new ExamSettings(
                reader.number(
                        "exam.budget = 0.2 in [0, 1000000]: maximum cost of exams, as a share of the multiply-adds of "
                                + "the steps; 0: no exams"),
                reader.integer(
                        "exam.every-batch-up-to = 2000 in [0, 1000000000]: number of items up to which every batch is "
                                + "examined, whatever the budget"),
                reader.duration(
                        "exam.popularity-half-life = 6h in [1m, 36500d]: event time after which a click weighs half "
                                + "in the popularity baseline"),
                GivenWeights.read(reader, "exam.", "that the exam ranks by"),
                List.of());
    }

    /** Returns these settings with other further weights. */
    public ExamSettings withOtherWeights(List<QueryWeights> others) {
        return new ExamSettings(budget, everyBatchUpTo, popularityHalfLife, weights, others);
    }

    /** Returns these settings with an exam of every batch, whatever it costs. */
    public ExamSettings ofEveryBatch() {
        return new ExamSettings(1, Integer.MAX_VALUE, popularityHalfLife, weights, otherWeights);
    }
}
