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
    public TwoTower(ModelSettings settings, Catalogue catalogue) {}

    /**
     * One learning step.
     *
     * @throws NonFiniteStepException before anything was applied, if loss or gradient is not finite
     */
    public StepReport learn(MiniBatch batch) {
        return new StepReport(0, 0, 0);
    }

    /** @param out [items, dim] unit-length vectors, row-major, filled */
    public void itemVectors(List<String> items, float[] out) {}

    /**
     * @param users [n]
     * @param contexts [n]
     * @param out [n, dim] unit-length vectors, row-major, filled
     */
    public void userVectors(List<UserFeatures> users, List<Features> contexts, float[] out) {}

    /** Forgets an item's own rows. */
    public void removeItem(String item) {}

    /** Whether an entry of {@link #drainDirty} is one that {@link QueryEncoder} needs. */
    public boolean isQuerySide(byte[] key) {
        return false;
    }

    /** Floats a vector. */
    public int dim() {
        return 0;
    }

    /** The lineage of these weights. */
    public String generation() {
        return "";
    }

    /** SHA-256 over all entries, in the order of their keys. */
    public byte[] digest() {
        return new byte[0];
    }

    @Override
    public void restore(byte[] key, byte[] value) {}

    @Override
    public void drainDirty(EntrySink sink) {}

    @Override
    public void close() {}
}
