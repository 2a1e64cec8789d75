package dev.millrace.train;

import dev.millrace.batch.BatchSettings;
import dev.millrace.exam.ExamSettings;
import dev.millrace.model.ModelSettings;
import dev.millrace.publish.PublishSettings;
import dev.millrace.settings.SettingsReader;

/** All that a trainer needs to know. */
public record TrainerSettings(BatchSettings batch, ModelSettings model, ExamSettings exam, PublishSettings publish) {

    public static TrainerSettings read(SettingsReader reader) {
        return new TrainerSettings(
                BatchSettings.read(reader),
                ModelSettings.read(reader),
                ExamSettings.read(reader),
                PublishSettings.read(reader));
    }
}
