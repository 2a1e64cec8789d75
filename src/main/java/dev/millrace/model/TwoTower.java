package dev.millrace.model;

import dev.millrace.batch.Catalogue;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import java.util.List;

/** Two towers over growing embedding tables; one mini-batch, one step. */
public final class TwoTower implements Durable, AutoCloseable {

    /** @param catalogue read for item features; the caller applies a batch's changes to it before {@link #learn} */
    public TwoTower(ModelSettings settings, Catalogue catalogue) {
        throw new UnsupportedOperationException("to be written");
    }

    /**
     * One learning step.
     *
     * @throws NonFiniteStepException before anything was applied, if loss or gradient is not finite
     */
    public StepReport learn(MiniBatch batch) {
        throw new UnsupportedOperationException("to be written");
    }

    /** @param out [items, dim] unit-length vectors, row-major, filled */
    public void itemVectors(List<String> items, float[] out) {
        throw new UnsupportedOperationException("to be written");
    }

    /**
     * @param users [n]
     * @param contexts [n]
     * @param out [n, dim] unit-length vectors, row-major, filled
     */
    public void userVectors(List<UserFeatures> users, List<Features> contexts, float[] out) {
        throw new UnsupportedOperationException("to be written");
    }

    /** Forgets an item's own rows. */
    public void removeItem(String item) {}

    /** Whether an entry of {@link #drainDirty} is one that {@link QueryEncoder} needs. */
    public boolean isQuerySide(byte[] key) {
        throw new UnsupportedOperationException("to be written");
    }

    @Override
    public void restore(byte[] key, byte[] value) {}

    @Override
    public void drainDirty(EntrySink sink) {}

    @Override
    public void close() {}
}
