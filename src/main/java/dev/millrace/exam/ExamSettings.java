package dev.millrace.exam;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/**
 * How the model is examined.
 *
 * @param everySteps a batch is examined every so many steps
 * @param maxExamples examined of one batch, the first ones
 * @param popularityHalfLife event time after which a click weighs half in the popularity it is compared with
 */
public record ExamSettings(int everySteps, int maxExamples, Duration popularityHalfLife) {

    public static ExamSettings read(SettingsReader reader) {
        return new ExamSettings(
                reader.integer(
                        "exam.every-steps",
                        1,
                        1,
                        1_000_000,
                        "a batch is examined every so many steps; an exam costs a scan of the catalogue"),
                reader.integer("exam.max-examples", 8192, 1, 8192, "examples examined of one batch, the first ones"),
                reader.duration(
                        "exam.popularity-half-life",
                        Duration.ofHours(6),
                        Duration.ofMinutes(1),
                        Duration.ofDays(36_500),
                        "event time after which a click weighs half in the popularity baseline"));
    }
}
