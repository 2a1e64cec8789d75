package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.stream.GenerationDesk;
import dev.millrace.topic.ProgressLog;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;

/** What commands about generations share. */
final class Desks {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Desks() {}

    static GenerationDesk of(MillraceSettings settings) {
        return new GenerationDesk(
                settings.clients(),
                settings.topics().names(),
                new AvroWire(settings.wire()),
                PATIENCE,
                InstantSource.system());
    }

    /** What the learner of each generation said last, by generation. */
    static Map<String, TrainingProgress> progress(MillraceSettings settings) {
        Map<String, TrainingProgress> progress = new HashMap<>();
        new ProgressLog(settings.clients(), settings.topics().names(), new AvroWire(settings.wire()), PATIENCE)
                .latest()
                .values()
                .forEach(part -> part.training().ifPresent(training -> progress.put(training.generation(), training)));
        return progress;
    }
}
