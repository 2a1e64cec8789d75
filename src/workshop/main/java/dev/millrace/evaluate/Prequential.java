package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.ExamWitness;
import dev.millrace.model.StepTimes;
import dev.millrace.operation.Progress;
import dev.millrace.state.EntrySource;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Test, then learn: the model ranks each event of the second part before it learns the batch of the event.
 *
 * <p>The examples go through {@link Trainer}, as in the stream.
 */
public final class Prequential {

    /**
     * The result of an evaluation.
     *
     * @param exam of the scored part
     * @param byAction the same events by action
     * @param all all events together, with item-kNN
     * @param positives clicked examples used
     * @param learnt examples learnt, each pass counted
     * @param refusedSteps batches that were refused because they would have harmed the model
     * @param items in the catalogue at the end
     */
    public record Result(
            ExamTotals exam,
            SortedMap<String, ActionTotals> byAction,
            ActionTotals all,
            int positives,
            long learnt,
            long refusedSteps,
            int items) {}

    /** How the model behaves in the scored part. */
    public enum Mode {
        /** It goes on learning. */
        ONLINE,
        /** It stays as it was at the end of the warm-up. */
        FROZEN
    }

    private final PrequentialSettings settings;
    private final RecordedExamples recorded;
    private final TrainerSettings trainerSettings;
    private final StepTimes times;
    private Progress progress = Progress.NONE;

    /** @param times receives the phases of each learning step */
    public Prequential(
            PrequentialSettings settings, RecordedExamples recorded, TrainerSettings trainerSettings, StepTimes times) {
        this.settings = settings;
        this.recorded = recorded;
        this.trainerSettings = trainerSettings.withExam(trainerSettings.exam().ofEveryBatch());
        this.times = times;
    }

    /** Tells somebody after each batch how many examples were learnt or ranked, each pass counted. */
    public Prequential followedBy(Progress follower) {
        progress = follower;
        return this;
    }

    /** Trains a new model and scores it, over all events so far. */
    public Result run(Mode mode) {
        return run(mode, ExamWitness.NONE);
    }

    /**
     * Does the same.
     *
     * @param witness receives each event of the scored part
     */
    public Result run(Mode mode, ExamWitness witness) {
        return run(mode, new Tally(Optional.empty(), witness));
    }

    /** Does the same, and also scores item-kNN on the same events. */
    public Result runWithItemNeighbours(Mode mode) {
        return run(mode, new Tally(Optional.of(new ItemNeighbours()), ExamWitness.NONE));
    }

    private Result run(Mode mode, Tally tally) {
        try (Trainer trainer = new Trainer(trainerSettings, EntrySource.NONE, times, tally)) {
            return run(mode, tally, trainer);
        }
    }

    private Result run(Mode mode, Tally tally, Trainer trainer) {
        Passes.list(trainer, recorded.catalogue(), batch -> {
            tally.list(batch);
            trainer.learnUnexamined(batch);
        });

        List<TrainingExample> examples = recorded.examples();
        List<TrainingExample> used = examples.subList(0, Passes.endOf(examples, settings.first()));
        int scoredFrom = Passes.endOf(used, settings.warmUp());
        List<TrainingExample> warmUp = used.subList(0, scoredFrom);
        long seed = trainerSettings.batch().seed();
        Meter meter = new Meter(progress, (settings.passes() - 1L) * warmUp.size() + used.size());
        Passes.feedShuffled(trainer, warmUp, seed, settings.passes(), batch -> {
            tally.list(batch);
            trainer.learnUnexamined(batch);
            meter.add(batch);
        });
        // an exam of what was learnt before is none: it would teach the mixture to trust the towers
        boolean isExamined =
                settings.passes() == 1 && !trainerSettings.exam().weights().areAll();
        Passes.feed(trainer, warmUp, batch -> {
            tally.list(batch);
            if (isExamined) {
                trainer.learn(batch);
            } else {
                trainer.observe(batch);
                trainer.learnUnexamined(batch);
            }
            tally.observe(batch);
            meter.add(batch);
        });
        ExamTotals before = trainer.progress().exam();
        tally.beginScoring();
        Passes.feed(trainer, used.subList(scoredFrom, used.size()), batch -> {
            tally.list(batch);
            if (mode == Mode.ONLINE) {
                trainer.learn(batch);
            } else {
                trainer.examineOnly(batch);
            }
            tally.observe(batch);
            meter.add(batch);
        });
        return new Result(
                trainer.progress().exam().minus(before),
                tally.byAction,
                tally.all,
                Passes.positives(used).size(),
                trainer.progress().positives(),
                trainer.progress().refusedSteps(),
                trainer.progress().items());
    }

    /** Adds each ranked event to the totals of its action, and ranks it by item-kNN too if that is wanted. */
    private static final class Tally implements ExamWitness {
        private final Optional<ItemNeighbours> neighbours;
        private final ExamWitness witness;
        private final SortedMap<String, ActionTotals> byAction = new TreeMap<>();
        private ActionTotals all = ActionTotals.NONE;
        private boolean isScoring;

        Tally(Optional<ItemNeighbours> neighbours, ExamWitness witness) {
            this.neighbours = neighbours;
            this.witness = witness;
        }

        void beginScoring() {
            isScoring = true;
        }

        void list(MiniBatch batch) {
            neighbours.ifPresent(counted -> batch.catalogue().forEach(counted::change));
        }

        void observe(MiniBatch batch) {
            neighbours.ifPresent(counted ->
                    batch.examples().forEach(each -> counted.observe(each.user().user(), each.item())));
        }

        @Override
        public void ranked(TrainingExample example, List<Double> byModel, double byPopularity) {
            if (!isScoring) {
                return;
            }
            witness.ranked(example, byModel, byPopularity);
            ActionTotals ofAction =
                    byAction.getOrDefault(example.action(), ActionTotals.NONE).plus(byModel, byPopularity);
            all = all.plus(byModel, byPopularity);
            if (neighbours.isPresent()) {
                double place =
                        neighbours.get().place(example.item(), example.user().history());
                ofAction = ofAction.plusNeighbours(place);
                all = all.plusNeighbours(place);
            }
            byAction.put(example.action(), ofAction);
        }
    }
}
