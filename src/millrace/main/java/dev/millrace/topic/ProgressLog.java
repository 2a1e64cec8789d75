package dev.millrace.topic;

import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.ServingProgress;
import dev.millrace.wire.Topic;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The topics training-progress and serving-progress as the latest of each part and server. */
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

    /** What each server told last of each arm and window, within the last day. */
    public Collection<ServingProgress> ofServers() {
        Map<String, ServingProgress> latest = new HashMap<>();
        cluster.readAll(
                Topic.SERVING_PROGRESS, cluster.topics().servingProgress(), told -> latest.put(told.key(), told));
        return latest.values();
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
