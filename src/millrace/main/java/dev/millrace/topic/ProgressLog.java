package dev.millrace.topic;

import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The topic training-progress as the latest progress of each part. */
public final class ProgressLog {

    private final Cluster cluster;

    public ProgressLog(Cluster cluster) {
        this.cluster = cluster;
    }

    /** The latest progress by part; the part that was written last comes last. */
    public Map<String, PartProgress> latest() {
        Map<String, PartProgress> latest = new LinkedHashMap<>();
        cluster.readAll(Topic.TRAINING_PROGRESS, cluster.topics().trainingProgress(), progress -> {
            latest.remove(progress.part());
            latest.put(progress.part(), progress);
        });
        return latest;
    }

    /** The latest progress of the learner that makes the mini-batches; absent if there is none yet. */
    public Optional<TrainingProgress> ofLearner() {
        return Optional.ofNullable(latest().get(PartProgress.LEARNER)).flatMap(PartProgress::training);
    }

    /** The latest progress of the learner of each generation, by generation. */
    public Map<String, TrainingProgress> byGeneration() {
        Map<String, TrainingProgress> progress = new HashMap<>();
        latest().values()
                .forEach(part -> part.training().ifPresent(training -> progress.put(training.generation(), training)));
        return progress;
    }
}
