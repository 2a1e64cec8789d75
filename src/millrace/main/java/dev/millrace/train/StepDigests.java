package dev.millrace.train;

import dev.millrace.model.ModelEntry;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntryDigest;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySum;
import dev.millrace.state.Form;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The digest of the learnt state as of the last commit, and digests of some earlier steps.
 *
 * <p>It is updated with every entry restored or drained. The learner's progress holds the digest that the commit wrote.
 * If a restored entry is missing, or is of another commit, the digests differ.
 */
final class StepDigests {

    /** Digests of earlier steps that are kept. */
    private static final int KEPT = 32;

    private final int everySteps;
    private final Supplier<EntrySum> rows;
    private final EntryDigest digest = new EntryDigest();
    private List<StepDigest> earlier = new ArrayList<>();
    private long step = -1; // nothing drained yet, not even the entries of a new model
    private String written = "";

    /**
     * @param everySteps distance of the steps whose digests are kept
     * @param rows sum of the entries of the embedding rows as of the last drain, which are not given here one by one
     */
    StepDigests(int everySteps, Supplier<EntrySum> rows) {
        this.everySteps = everySteps;
        this.rows = rows;
    }

    /** Returns the digest of that step; absent if the step has not been drained yet. */
    Optional<StepDigest> at(long learntStep) {
        return step == learntStep ? Optional.of(new StepDigest(step, now())) : Optional.empty();
    }

    /** Returns the kept digests of steps before that one, oldest first. */
    List<StepDigest> before(long learntStep) {
        return earlier.stream().filter(each -> each.step() < learntStep).toList();
    }

    /** Adds a restored entry to the digest, if it is digested. */
    void restore(byte[] key, byte[] value) {
        if (isCovered(key)) {
            digest.put(key, value);
        }
    }

    /** Returns a sink that adds each digested entry to the digest and passes all entries on. */
    EntrySink before(EntrySink sink) {
        return new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                restore(key, value);
                sink.put(key, value);
            }

            @Override
            public void delete(byte[] key) {
                if (isCovered(key)) {
                    digest.remove(key);
                }
                sink.delete(key);
            }

            @Override
            public void repeat(byte[] key, byte[] value) {
                sink.repeat(key, value);
            }
        };
    }

    /**
     * Call it when all entries of a step have been drained. It keeps the digest of the first commit at or after every
     * multiple of {@code everySteps}.
     */
    void drained(long learntStep) {
        step = learntStep;
        written = now();
        long since = earlier.isEmpty() ? 0 : earlier.get(earlier.size() - 1).step();
        if (step / everySteps > since / everySteps) {
            earlier.add(new StepDigest(step, written));
            if (earlier.size() > KEPT) {
                earlier.remove(0);
            }
        }
    }

    /** @param learntStep that is stored beside these fields */
    void fields(Form form, long learntStep) {
        step = form.isRead() ? learntStep : step;
        earlier = form.list(
                earlier,
                new StepDigest(0, ""),
                (each, kept) -> new StepDigest(each.longInteger(kept.step()), each.text(kept.digest())));
        written = form.text(written);
    }

    /** @throws CorruptEntryException if the restored entries are not those of the last commit */
    void requireWhole() {
        boolean isNew = written.isEmpty() && all().count() == 0;
        if (!isNew && !written.equals(now())) {
            throw new CorruptEntryException(all().count() + " entries restored for step " + Math.max(step, 0)
                    + " have the digest " + now() + ", the commit wrote " + written);
        }
    }

    private static boolean isCovered(byte[] key) {
        return EntryKind.isDigested(key) && !ModelEntry.Kind.ROW.isOf(key);
    }

    private EntrySum all() {
        return digest.sum().plus(rows.get());
    }

    private String now() {
        return HexFormat.of().formatHex(all().digest());
    }
}
