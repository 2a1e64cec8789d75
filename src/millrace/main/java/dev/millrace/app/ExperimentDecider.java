package dev.millrace.app;

import dev.millrace.experiment.AnswerHistory;
import dev.millrace.experiment.Decision;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Experiment.Result;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.follow.TopicView;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.ExperimentAdmin;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.OperatorLog;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.ServingProgress;
import dev.millrace.wire.Topic;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the experiment that runs step by step to its end: the one task that decides. It remembers nothing; whatever dies, the next one goes on from the
 * topics. If two run, the first order in the log holds.
 *
 * <p>It follows the progress of the attribution, of the learners and of the servers, looks at them at an interval, and orders what {@link Decision} says.
 */
public final class ExperimentDecider implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ExperimentDecider.class);
    private static final Duration COUNTED_WITHIN = Duration.ofSeconds(10);

    private final Cluster cluster;
    private final ExperimentAdmin admin;
    private final InstantSource clock;
    private final ProgressWatch progress;
    private final TopicView<String, ServingProgress> served;
    private final AtomicBoolean isCaughtUp = new AtomicBoolean();
    private final AlarmTrail trail = new AlarmTrail();
    private Instant referred = Instant.EPOCH;

    /** @param log of what it orders */
    public ExperimentDecider(Cluster cluster, OperatorLog log, InstantSource clock) {
        this.cluster = cluster;
        this.admin = new ExperimentAdmin(cluster, log);
        this.clock = clock;
        this.progress = new ProgressWatch(cluster.clients(), cluster.topics().trainingProgress(), cluster.wire());
        progress.onceCaughtUp(() -> isCaughtUp.set(true));
        this.served = new TopicView<>(
                cluster, Topic.SERVING_PROGRESS, cluster.topics().servingProgress(), ServingProgress::key);
    }

    /** Looks once. Returns the experiment as it is now, whether it runs or not; absent if there was none yet. */
    public Optional<Experiment> look() {
        progress.failure().ifPresent(failure -> {
            throw new IllegalStateException("the training progress cannot be followed", failure);
        });
        served.failure().ifPresent(failure -> {
            throw new IllegalStateException("what servers tell cannot be followed", failure);
        });
        GenerationHistory history = GenerationAdmin.history(cluster);
        Optional<Experiment> latest = history.latestExperiment();
        if (latest.isEmpty()
                || !isCaughtUp.get()
                || !served.isCaughtUp()) { // what an earlier process knew is not forgotten
            return latest;
        }
        Experiment experiment = latest.get();
        referAgain(experiment);
        trail.take(progress.parts().values());
        Instant now = clock.instant();
        Optional<Experiment> next = experiment.isRunning()
                        && history.runningExperiment().isEmpty()
                ? Optional.of(experiment.ended(
                        Result.STOPPED,
                        now.toEpochMilli(),
                        "its control no longer answers, or its treatment is retired"))
                : Decision.next(
                        experiment, facts(experiment, progress.parts().values(), trail, answers(experiment, now)), now);
        return next.flatMap(this::order).or(() -> latest);
    }

    @Override
    public void close() {
        progress.close();
        served.close();
    }

    private AnswerHistory answers(Experiment experiment, Instant now) {
        return ServingProgress.history(
                experiment, served.values(), now.minus(experiment.plan().maxAge()));
    }

    private Optional<Experiment> order(Experiment next) {
        try {
            referred = clock.instant();
            return Optional.of(admin.order(next));
        } catch (GenerationRefusedException first) {
            LOG.info("Left a step to another order: {}", first.getMessage());
            return Optional.empty();
        }
    }

    /** Refers to the state again if a part of the attribution does not count it for a while: whoever ordered may have died. */
    private void referAgain(Experiment experiment) {
        Optional<String> uncounted =
                PartProgress.Counted.uncounted(experiment, progress.parts().values());
        Instant now = clock.instant();
        if (uncounted.isPresent() && referred.plus(COUNTED_WITHIN).isBefore(now)) {
            LOG.warn("Experiment {} is not counted, and is referred to again: {}", experiment.name(), uncounted.get());
            admin.refer(experiment);
            referred = now;
        }
    }

    /**
     * Returns what is known of an experiment by what the parts last said.
     *
     * @param trail of what they said of alarms until now
     * @param answers that servers told of
     */
    static Decision.Facts facts(
            Experiment experiment, Collection<PartProgress> parts, AlarmTrail trail, AnswerHistory answers) {
        Optional<Instant> countedAt =
                PartProgress.Counted.uncounted(experiment, parts).isEmpty()
                        ? PartProgress.Counted.parts(experiment, parts).stream()
                                .map(part -> Instant.ofEpochMilli(part.writtenAt()))
                                .min(Instant::compareTo)
                        : Optional.empty();
        Optional<PartProgress> treatment = learner(experiment.treatment(), parts);
        return new Decision.Facts(
                PartProgress.Counted.sums(experiment, parts),
                countedAt,
                treatment.map(part -> new Decision.Learner(
                        Instant.ofEpochMilli(part.writtenAt()),
                        String.join(", ", trail.alone(experiment.treatment(), experiment.control())))),
                parts.stream()
                        .filter(part -> part.training().isPresent()
                                && !Optional.of(part).equals(treatment))
                        .map(part -> Instant.ofEpochMilli(part.writtenAt()))
                        .max(Instant::compareTo),
                answers);
    }

    private static Optional<PartProgress> learner(String generation, Collection<PartProgress> parts) {
        return parts.stream()
                .filter(part -> part.training()
                        .filter(training -> training.generation().equals(generation))
                        .isPresent())
                .findFirst();
    }
}
