package dev.millrace.train;

import dev.millrace.alarm.AlarmSettings;
import dev.millrace.batch.BatchSettings;
import dev.millrace.batch.FastPopularity;
import dev.millrace.exam.ExamSettings;
import dev.millrace.model.ModelSettings;
import dev.millrace.publish.PublishSettings;
import dev.millrace.settings.SettingsReader;

/**
 * All that a trainer needs to know.
 *
 * @param fast popularity of the term that a query adds
 * @param digestSteps distance of the steps whose digests are kept
 */
public record TrainerSettings(
        BatchSettings batch,
        ModelSettings model,
        ExamSettings exam,
        AlarmSettings alarms,
        PublishSettings publish,
        FastPopularity.Settings fast,
        int digestSteps) {

    public static TrainerSettings read(SettingsReader reader) {
        return new TrainerSettings(
                BatchSettings.read(reader),
                ModelSettings.read(reader),
                ExamSettings.read(reader),
                AlarmSettings.read(reader),
                PublishSettings.read(reader),
                FastPopularity.Settings.read(reader),
                reader.integer(
                        "digest.steps",
                        100,
                        1,
                        1_000_000,
                        "steps between the digests of the model that are kept for an audit, the last 32 of them"));
    }

    public TrainerSettings withExam(ExamSettings other) {
        return new TrainerSettings(batch, model, other, alarms, publish, fast, digestSteps);
    }
}
