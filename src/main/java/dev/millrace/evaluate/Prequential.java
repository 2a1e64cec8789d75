package dev.millrace.evaluate;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.batch.CounterRandom;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.CatalogueItem;
import dev.millrace.exam.ExamTotals;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Books;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/**
 * Test, then learn: every event of the second part is ranked by the model as it stood before its batch, then learnt.
 *
 * <p>The events go through {@link Attribution} first and the examples through {@link Trainer}, as they do in the stream; only
 * what lies between the two, a topic, is a list here.
 */
public final class Prequential {

    /**
     * What an evaluation found.
     *
     * @param exam of the scored part
     * @param positives examples used
     * @param items in the catalogue at the end
     */
    public record Result(ExamTotals exam, int positives, int items) {}

    /** How the model behaves in the scored part. */
    public enum Mode {
        /** It goes on learning. */
        ONLINE,
        /** It stays as the warm-up left it. */
        FROZEN
    }

    private static final long SHUFFLE_STREAM = 0x5bd1e995L;

    private final PrequentialSettings settings;
    private final TrainerSettings trainerSettings;
    private final Attribution attribution;
    private final List<CatalogueItem> catalogue = new ArrayList<>();
    private final List<TrainingExample> examples = new ArrayList<>();

    public Prequential(
            PrequentialSettings settings, AttributionSettings attributionSettings, TrainerSettings trainerSettings) {
        this.settings = settings;
        this.trainerSettings = trainerSettings;
        this.attribution = new Attribution(attributionSettings, new MemoryEntries(), new Attribution.Output() {
            @Override
            public void example(TrainingExample example) {
                examples.add(example);
            }

            @Override
            public void userFeatures(UserFeatures user) {
                // nobody asks for answers here
            }

            @Override
            public void userRemoved(String user) {
                // nobody asks for answers here
            }
        });
    }

    /** Where exposures, clicks and profiles go. */
    public Attribution attribution() {
        return attribution;
    }

    public void item(CatalogueItem item) {
        catalogue.add(item);
    }

    /** What became of the events so far. */
    public SortedMap<String, Books.Account> books() {
        return attribution.books().accounts();
    }

    /** Trains and scores anew over all events so far. */
    public Result run(Mode mode) {
        try (Trainer trainer = new Trainer(trainerSettings)) {
            for (CatalogueItem item : catalogue) {
                trainer.change(new CatalogueChange.Upsert(item));
                if (trainer.isBatchReady()) {
                    trainer.rehearse(trainer.closeBatch());
                }
            }
            flush(trainer, trainer::rehearse);

            List<TrainingExample> used = examples.subList(0, (int) Math.round(examples.size() * settings.first()));
            int scoredFrom = (int) Math.round(used.size() * settings.warmUp());
            List<TrainingExample> warmUp = used.subList(0, scoredFrom);
            for (int pass = 1; pass < settings.passes(); pass++) {
                feed(trainer, shuffled(warmUp, pass), trainer::rehearse);
            }
            feed(trainer, warmUp, batch -> {
                trainer.observe(batch);
                trainer.rehearse(batch);
            });
            ExamTotals before = trainer.progress().exam();
            feed(
                    trainer,
                    used.subList(scoredFrom, used.size()),
                    mode == Mode.ONLINE ? trainer::learn : trainer::examineOnly);
            return new Result(
                    trainer.progress().exam().minus(before),
                    used.size(),
                    trainer.progress().items());
        }
    }

    private interface Step {
        void take(MiniBatch batch);
    }

    private static void feed(Trainer trainer, List<TrainingExample> examples, Step step) {
        for (TrainingExample example : examples) {
            trainer.add(example);
            if (trainer.isBatchReady()) {
                step.take(trainer.closeBatch());
            }
        }
        flush(trainer, step);
    }

    private static void flush(Trainer trainer, Step step) {
        if (trainer.hasOpenWork()) {
            step.take(trainer.closeBatch());
        }
    }

    private List<TrainingExample> shuffled(List<TrainingExample> ordered, int pass) {
        List<TrainingExample> shuffled = new ArrayList<>(ordered);
        long seed = trainerSettings.batch().seed();
        for (int at = shuffled.size() - 1; at > 0; at--) { // Fisher and Yates
            int other = CounterRandom.below(at + 1, seed, SHUFFLE_STREAM + pass, at);
            TrainingExample swapped = shuffled.get(at);
            shuffled.set(at, shuffled.get(other));
            shuffled.set(other, swapped);
        }
        return shuffled;
    }
}
