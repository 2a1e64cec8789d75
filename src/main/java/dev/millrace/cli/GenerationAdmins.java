package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.ProgressLog;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;

/** The administration of generations, as commands ask for it. */
final class GenerationAdmins {

    private GenerationAdmins() {}

    static GenerationAdmin of(MillraceSettings settings) {
        return new GenerationAdmin(
                settings.clients(),
                settings.topics().names(),
                new AvroWire(settings.wire()),
                TopicReader.PATIENCE,
                InstantSource.system());
    }

    /** The latest progress of the learner of each generation, by generation. */
    static Map<String, TrainingProgress> progress(MillraceSettings settings) {
        Map<String, TrainingProgress> progress = new HashMap<>();
        new ProgressLog(
                        settings.clients(),
                        settings.topics().names(),
                        new AvroWire(settings.wire()),
                        TopicReader.PATIENCE)
                .latest()
                .values()
                .forEach(part -> part.training().ifPresent(training -> progress.put(training.generation(), training)));
        return progress;
    }
}
