package dev.millrace.app;

import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.operation.OperatorAction;
import dev.millrace.operation.Progress;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.stream.Part;
import dev.millrace.stream.shard.Rescale;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.OperatorLog;
import dev.millrace.topic.ProgressLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.Topics;
import dev.millrace.train.TrainingProgress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Gives the model of an installation another number of learners. Trainers must be stopped; producers need not.
 *
 * <p>First the learners run here, without attribution, until they have learnt all that it had sent. A run that was ended is begun again.
 */
public final class Rescaling {

    /** Examples that one learner learns: with fewer, merging costs a young model more than it brings. */
    private static final long LEAST_LEARNT = 30_000;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final MillraceSettings settings;
    private final Function<Map<String, String>, MillraceSettings> others;
    private final OperatorLog log;
    private final Progress progress;

    /**
     * What came of it.
     *
     * @param before number of learners until now
     * @param now from now on
     * @param rows of users that changed their learner
     * @param drained how long the learners still learnt
     * @param moved how long the rest took
     */
    public record Result(int before, int now, long rows, Duration drained, Duration moved) {}

    /**
     * @param settings with the number of learners from now on
     * @param others the same settings, but for some
     * @param progress told of each phase
     */
    public Rescaling(
            MillraceSettings settings,
            Function<Map<String, String>, MillraceSettings> others,
            OperatorLog log,
            Progress progress) {
        this.settings = settings;
        this.others = others;
        this.log = log;
        this.progress = progress;
    }

    /** @throws InvalidSettingsException if the number cannot be changed: it names the rule */
    public Result run() throws InterruptedException {
        Cluster cluster = settings.cluster();
        TopicNames names = settings.topics().names();
        String generation = settings.trainer().model().generationName();
        GenerationHistory history = GenerationAdmin.history(cluster);
        GenerationFact started = history.fact(generation, GenerationFact.Kind.STARTED)
                .orElseThrow(() -> refused("must be that of a model that was published, and generation " + generation
                        + " was not: check the settings of the model, or create the topics with this number"));
        int before = history.learners(generation).orElseThrow();
        boolean wasAlone = started.by().equals(settings.stream().applicationId(Part.LEARN));
        if (!wasAlone && !started.by().equals(settings.stream().applicationId(Part.BASE))) {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    "stream.application-id",
                    settings.stream().applicationId(),
                    "must be that of the trainers of generation " + generation + ", which application " + started.by()
                            + " publishes")));
        }
        if (!names.areShared()) {
            throw refused("must be from 2 to 64, or have learn.base-apart = true: what is learnt in shards stays so");
        }
        if (names.shards() > before) {
            requireGrown(cluster, before);
        }
        List<ScratchEntries> scratch = new ArrayList<>();
        try {
            Rescale rescale = new Rescale(
                    cluster,
                    settings.stream(),
                    settings.trainer(),
                    settings.learner().kept(),
                    wasAlone,
                    () -> {
                        scratch.add(ScratchEntries.create());
                        return scratch.get(scratch.size() - 1);
                    },
                    progress);
            rescale.requireNoTrainer();
            if (!wasAlone) {
                grow(rescale);
                if (before == names.shards()) {
                    return new Result(before, before, 0, Duration.ZERO, Duration.ZERO);
                }
            }
            long begun = System.nanoTime();
            drain(rescale, before, !wasAlone);
            long drained = System.nanoTime();
            OperatorAction ordered = log.ordered(
                    OperatorAction.Kind.HAND_OVER,
                    generation,
                    "from " + before + " to " + names.shards() + " learners");
            long rows = log.carryOut(ordered, () -> {
                if (wasAlone) {
                    topics().create(); // rounds and deltas
                    int unused = rescale.growChangelogs();
                }
                return rescale.run(started);
            });
            if (wasAlone) {
                grow(rescale);
            }
            return new Result(
                    before,
                    names.shards(),
                    rows,
                    Duration.ofNanos(drained - begun),
                    Duration.ofNanos(System.nanoTime() - drained));
        } finally {
            scratch.forEach(ScratchEntries::close);
        }
    }

    /** Partitions for as many learners. What is there stays, so that it may be begun again. */
    private void grow(Rescale rescale) {
        int partitions = rescale.growChangelogs();
        topics().grow(partitions);
        rescale.beginPartitions(partitions);
    }

    private void drain(Rescale rescale, int before, boolean isApart) throws InterruptedException {
        MillraceSettings past = others.apply(Map.of(
                TopicNames.SHARDS,
                Integer.toString(before),
                TopicNames.BASE_APART,
                Boolean.toString(isApart && before == 1),
                "stream.instance-id",
                "")); // else its members stay until their session ends
        TrainProcess.learnOn(past, () -> {
            long left = rescale.left();
            progress.reached("left", left, Progress.UNKNOWN);
            return left == 0;
        });
    }

    private void requireGrown(Cluster cluster, int before) {
        long learnt = new ProgressLog(cluster)
                .ofLearner()
                .map(TrainingProgress::positives)
                .orElse(0L);
        if (learnt < LEAST_LEARNT) {
            throw refused("must be " + before + " until " + LEAST_LEARNT + " examples are learnt, and " + learnt
                    + " are: several learners cost a young model more than they bring");
        }
    }

    private Topics topics() {
        return new Topics(settings.clients(), settings.topics(), PATIENCE);
    }

    private InvalidSettingsException refused(String rule) {
        return new InvalidSettingsException(List.of(new SettingFault(
                TopicNames.SHARDS, Integer.toString(settings.topics().names().shards()), rule)));
    }
}
