package dev.millrace.checkpoint;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingFault;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Sha256;
import dev.millrace.train.TrainerSettings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The settings of a learner, as values and as texts.
 *
 * @param texts by key, defaults included
 */
public record LearnerSettings(TrainerSettings trainer, SortedMap<String, String> texts) {

    private static final String ABSENT = "(not a setting)";

    public LearnerSettings {
        texts = Collections.unmodifiableSortedMap(new TreeMap<>(texts));
    }

    /**
     * Reads them from their texts.
     *
     * @throws InvalidSettingsException if this program does not know one, or not such a value
     */
    public static LearnerSettings read(SortedMap<String, String> texts) {
        SettingsReader reader = new SettingsReader(texts);
        TrainerSettings trainer = TrainerSettings.read(reader);
        reader.finish();
        return new LearnerSettings(trainer, reader.effective());
    }

    /** Those that the bits of the learner depend on. */
    public KeptSettings kept() {
        return TrainerSettings.kept(texts);
    }

    /** These, but with the kept ones of a learner in place of their own. */
    public LearnerSettings with(KeptSettings ofLearner) {
        return read(ofLearner.inPlaceOf(kept(), texts));
    }

    /** SHA-256 of all of them, in hexadecimal. */
    public String hash() {
        return Sha256.hex(trainer.toString());
    }

    /** @param fingerprint of the engine that learns by them */
    public Lineage lineage(String fingerprint) {
        return new Lineage(
                trainer.model().generationName(), hash(), trainer.model().hash(), fingerprint);
    }

    /** One fault for each key whose text differs: the value here, and the rule that it must be the other. */
    List<SettingFault> differences(SortedMap<String, String> others) {
        SettingsReader reader = new SettingsReader(others);
        TrainerSettings.read(reader);
        SortedMap<String, String> known = reader.effective(); // one text for each value, whatever version wrote it
        TreeSet<String> keys = new TreeSet<>(texts.keySet());
        keys.addAll(others.keySet());
        List<SettingFault> faults = new ArrayList<>();
        for (String key : keys) {
            String here = texts.getOrDefault(key, ABSENT);
            String other = others.containsKey(key) ? known.getOrDefault(key, others.get(key)) : ABSENT;
            if (!here.equals(other)) {
                faults.add(
                        new SettingFault(key, here, "must be " + SettingFault.shown(other) + ", as in the checkpoint"));
            }
        }
        return faults;
    }
}
