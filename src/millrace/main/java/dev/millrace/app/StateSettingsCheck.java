package dev.millrace.app;

import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingFault;
import dev.millrace.stream.Part;
import dev.millrace.stream.StoredSettings;
import dev.millrace.train.TrainerSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Compares the settings of a start with those that the state of its applications was begun with, before anything starts. */
final class StateSettingsCheck {

    private static final String APPLICATION_ID = "stream.application-id";

    private final MillraceSettings settings;
    private final GenerationHistory history;
    private final Duration patience;

    StateSettingsCheck(MillraceSettings settings, GenerationHistory history, Duration patience) {
        this.settings = settings;
        this.history = history;
        this.patience = patience;
    }

    /** @throws InvalidSettingsException if a setting differs that must not: it names each, and says what to do */
    void require(Set<Part> parts) {
        List<SettingFault> faults = new ArrayList<>();
        for (Part part : parts) {
            KeptSettings given =
                    switch (part) {
                        case ATTRIBUTE -> settings.attributionKept();
                        case LEARN, LEARN_FROM_LOG -> settings.learner().kept();
                    };
            given.differences(ofState(part)).stream()
                    .map(difference -> difference.fault(
                            "the state of application " + settings.stream().applicationId()))
                    .filter(fault -> !faults.contains(fault)) // two applications may keep the same setting
                    .forEach(faults::add);
        }
        if (!faults.isEmpty()) {
            faults.add(new SettingFault(
                    APPLICATION_ID,
                    settings.stream().applicationId(),
                    "has a state that goes on under its own settings only: set these back, or learn under the new ones with "
                            + "another " + APPLICATION_ID
                            + ", beside it or from nothing (docs/settings.md, \"Settings of a "
                            + "state\")"));
            throw new InvalidSettingsException(faults);
        }
    }

    private KeptSettings ofState(Part part) {
        KeptSettings kept = StoredSettings.of(settings.clients(), settings.stream(), part, patience);
        return kept.isEmpty() && part != Part.ATTRIBUTE
                ? published(settings.stream().applicationId(part))
                : kept;
    }

    /** What the application's learner said when it began to publish: for a state that an earlier version began. */
    private KeptSettings published(String application) {
        return history.startedBy(application).map(StateSettingsCheck::said).orElse(KeptSettings.NONE);
    }

    /** Without the settings that the learner's version did not know. */
    private static KeptSettings said(GenerationFact started) {
        SortedMap<String, String> texts =
                new TreeMap<>(TrainerSettings.kept(started.settings()).texts());
        texts.keySet().retainAll(started.settings().keySet());
        return new KeptSettings(texts);
    }
}
