package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.state.CounterRandom;
import dev.millrace.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Feeds a recorded history to a trainer, once or several times, and tells how far it is. One thread. */
final class Passes {

    private static final long SHUFFLE_STREAM = 0x5bd1e995L;

    private final Evaluation evaluation;
    private final Trainer trainer;
    private final List<TrainingExample> repeated;
    private final long all;
    private String part = "";
    private long done;
    private int nextListing;
    private int inOrder; // examples fed in their order
    private int nextBatch;

    /**
     * @param repeated examples that are fed in every pass
     * @param used number of examples that are fed in the last pass
     */
    Passes(Evaluation evaluation, Trainer trainer, List<TrainingExample> repeated, int used) {
        this.evaluation = evaluation;
        this.trainer = trainer;
        this.repeated = repeated;
        this.all = (evaluation.shares().passes() - 1L) * repeated.size() + used;
    }

    /** Feeds the repeated examples and their items in all passes but the last, each time in another random order. */
    void begin(Consumer<MiniBatch> step) {
        for (int pass = 1; pass < evaluation.shares().passes(); pass++) {
            list(repeated.size(), step);
            feed(shuffled(repeated, evaluation.trainer().batch().seed(), pass), example -> {}, step);
        }
    }

    /** Feeds the items whose place in the log is before an example. */
    private void list(int before, Consumer<MiniBatch> step) {
        List<RecordedExamples.Listing> listings = evaluation.recorded().listings();
        while (nextListing < listings.size() && listings.get(nextListing).before() <= before) {
            RecordedExamples.Listing listing = listings.get(nextListing++);
            trainer.reach(listing.clock());
            trainer.change(new CatalogueChange.Upsert(listing.item()));
            while (trainer.isBatchReady()) {
                step.accept(trainer.closeBatch());
            }
        }
    }

    /** Begins a part of the examples, which the progress names. */
    void part(String name) {
        part = name;
        evaluation.progress().reached(part, done, all);
    }

    /** Feeds examples in their order, and items in their place between them. */
    void feed(List<TrainingExample> examples, Consumer<MiniBatch> step) {
        feed(examples, example -> list(inOrder++, step), step);
    }

    /** @param before is told of each example just before it is fed */
    void feed(List<TrainingExample> examples, Consumer<TrainingExample> before, Consumer<MiniBatch> step) {
        for (TrainingExample example : examples) {
            before.accept(example);
            trainer.add(example);
            while (trainer.isBatchReady()) {
                close(step);
            }
        }
        if (trainer.hasOpenWork()) {
            close(step);
        }
    }

    /** Feeds the next batches of a log as they are, those that begin before an example. */
    void feedLogged(int end, Consumer<MiniBatch> step) {
        List<MiniBatch> batches = evaluation.recorded().batches();
        while (nextBatch < batches.size() && done < end) {
            take(batches.get(nextBatch++), step);
        }
    }

    private void close(Consumer<MiniBatch> step) {
        take(trainer.closeBatch(), step);
    }

    private void take(MiniBatch batch, Consumer<MiniBatch> step) {
        step.accept(batch);
        done += batch.examples().size() + batch.exposed().size();
        evaluation.progress().reached(part, done, all);
    }

    /** Returns the end of the first share of the positives. Unclicked exposures stay with the positives around them. */
    static int endOf(List<TrainingExample> examples, double share) {
        long positives = examples.stream().filter(TrainingExample::isPositive).count();
        long wanted = Math.round(positives * share);
        if (wanted == positives) {
            return examples.size();
        }
        int end = 0;
        for (long left = wanted; left > 0; end++) {
            left -= examples.get(end).isPositive() ? 1 : 0;
        }
        return end;
    }

    /** Returns the clicked examples. */
    static List<TrainingExample> positives(List<TrainingExample> examples) {
        return examples.stream().filter(TrainingExample::isPositive).toList();
    }

    /** Returns the examples in a random order. */
    private static List<TrainingExample> shuffled(List<TrainingExample> ordered, long seed, int pass) {
        List<TrainingExample> shuffled = new ArrayList<>(ordered);
        for (int at = shuffled.size() - 1; at > 0; at--) { // Fisher and Yates
            int other = CounterRandom.below(at + 1, seed, SHUFFLE_STREAM + pass, at);
            TrainingExample swapped = shuffled.get(at);
            shuffled.set(at, shuffled.get(other));
            shuffled.set(other, swapped);
        }
        return shuffled;
    }
}
