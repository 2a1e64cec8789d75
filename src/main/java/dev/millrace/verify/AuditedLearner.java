package dev.millrace.verify;

import dev.millrace.checkpoint.LearnerSettings;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.settings.KeptSettings;
import dev.millrace.train.TrainerSettings;
import java.util.List;
import java.util.Optional;

/**
 * The learner that an audit of the model is about, by the settings that it published when it began its generation.
 *
 * @param settings its own; where it published none, those that were given
 * @param ignored given settings that differ from its own
 */
public record AuditedLearner(LearnerSettings settings, List<KeptSettings.Difference> ignored) {

    public AuditedLearner {
        ignored = List.copyOf(ignored);
    }

    /**
     * The learner of the generation that the given settings name. If nobody published that one, the learner of the application.
     *
     * @param application id of the application that learns from events
     */
    public static AuditedLearner of(GenerationHistory history, LearnerSettings given, String application) {
        String named = given.trainer().model().generationName();
        Optional<GenerationFact> started =
                history.fact(named, GenerationFact.Kind.STARTED).or(() -> history.startedBy(application));
        KeptSettings own =
                started.map(fact -> TrainerSettings.kept(fact.settings())).orElse(given.kept());
        return new AuditedLearner(given.with(own), given.kept().differences(own));
    }
}
