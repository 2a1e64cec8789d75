package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.train.Trainer;

/** A learner that is fed examples and items, and closes batches of them. One thread. */
interface Fed {

    /** As {@link Trainer#reach}. */
    void reach(long time);

    void change(CatalogueChange change);

    void add(TrainingExample example);

    boolean isBatchReady();

    boolean hasOpenWork();

    /** Closes the open batch, full or not. */
    MiniBatch closeBatch();

    static Fed of(Trainer trainer) {
        return new Fed() {
            @Override
            public void reach(long time) {
                trainer.reach(time);
            }

            @Override
            public void change(CatalogueChange change) {
                trainer.change(change);
            }

            @Override
            public void add(TrainingExample example) {
                trainer.add(example);
            }

            @Override
            public boolean isBatchReady() {
                return trainer.isBatchReady();
            }

            @Override
            public boolean hasOpenWork() {
                return trainer.hasOpenWork();
            }

            @Override
            public MiniBatch closeBatch() {
                return trainer.closeBatch();
            }
        };
    }
}
