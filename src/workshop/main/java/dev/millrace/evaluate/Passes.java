package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.batch.CounterRandom;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.CatalogueItem;
import dev.millrace.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Feeds a recorded history to a trainer, once or several times. */
final class Passes {

    private static final long SHUFFLE_STREAM = 0x5bd1e995L;

    private Passes() {}

    /** Feeds the catalogue. */
    static void list(Trainer trainer, List<CatalogueItem> catalogue, Consumer<MiniBatch> step) {
        for (CatalogueItem item : catalogue) {
            trainer.change(new CatalogueChange.Upsert(item));
            if (trainer.isBatchReady()) {
                step.accept(trainer.closeBatch());
            }
        }
        flush(trainer, step);
    }

    /** Feeds examples in their order. */
    static void feed(Trainer trainer, List<TrainingExample> examples, Consumer<MiniBatch> step) {
        for (TrainingExample example : examples) {
            trainer.add(example);
            if (trainer.isBatchReady()) {
                step.accept(trainer.closeBatch());
            }
        }
        flush(trainer, step);
    }

    /** Feeds the examples in all passes but the last, each time in another random order. */
    static void feedShuffled(
            Trainer trainer, List<TrainingExample> examples, long seed, int passes, Consumer<MiniBatch> step) {
        for (int pass = 1; pass < passes; pass++) {
            feed(trainer, shuffled(examples, seed, pass), step);
        }
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

    private static void flush(Trainer trainer, Consumer<MiniBatch> step) {
        if (trainer.hasOpenWork()) {
            step.accept(trainer.closeBatch());
        }
    }
}
