package dev.millrace.fuzz;

import dev.millrace.app.MillraceSettings;
import dev.millrace.checkpoint.LearnerSettings;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsText;
import java.util.List;
import java.util.Map;

/**
 * Texts of settings files.
 *
 * <p>A text is refused with its faults, or read; then the texts of the learner's settings, read again, are the same settings.
 */
public final class SettingsFuzz {

    private SettingsFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        LearnerSettings learner;
        try {
            Map<String, String> given =
                    SettingsText.read("--config", "any", new Input(data).textFrom(0), "a settings file");
            learner =
                    MillraceSettings.load(List.of(), Map.of(), Map.of(), given).learner();
        } catch (InvalidSettingsException refused) {
            Input.require(!refused.faults().isEmpty(), "a refusal has faults");
            return;
        }
        LearnerSettings again = LearnerSettings.read(learner.texts());
        Input.require(again.texts().equals(learner.texts()), "texts stay as they are");
        Input.require(again.hash().equals(learner.hash()), "the texts are of the same settings");
    }
}
