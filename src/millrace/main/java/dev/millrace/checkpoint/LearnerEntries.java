package dev.millrace.checkpoint;

import dev.millrace.model.FingerprintMismatchException;
import dev.millrace.model.ModelHeader;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import dev.millrace.train.EntryKind;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The entries of a learner outside of its application. Embedding rows stay where they are: a trainer over the entries reads each
 * when it needs it.
 */
public final class LearnerEntries {

    private static final byte[] FIRST = {};

    private LearnerEntries() {}

    /**
     * A trainer that goes on from them; a new one if there are none.
     *
     * @throws FingerprintMismatchException if another engine made them
     * @throws CorruptEntryException if an entry is missing, or one of another commit
     */
    public static Trainer toGoOn(TrainerSettings settings, EntrySource entries) {
        return trainer(settings, entries, key -> false);
    }

    /**
     * A trainer to look at, and not to learn on, whatever engine made them.
     *
     * @throws CorruptEntryException if an entry is missing, or one of another commit
     */
    static Trainer toLookAt(TrainerSettings settings, EntrySource entries) {
        return trainer(settings, entries, EntryKind::isHeader);
    }

    private static Trainer trainer(TrainerSettings settings, EntrySource entries, Predicate<byte[]> isLeftOut) {
        Trainer trainer = new Trainer(settings, entries);
        entries.scanBut(FIRST, EntryKind.readLater(), (key, value) -> {
            if (!isLeftOut.test(key)) {
                restore(trainer, key, value);
            }
        });
        trainer.requireEachRow();
        return trainer;
    }

    /** Restores one entry. A right sum does not say that its content is right. */
    private static void restore(Trainer trainer, byte[] key, byte[] value) {
        try {
            trainer.restore(key, value);
        } catch (CorruptEntryException | FingerprintMismatchException told) {
            throw told;
        } catch (RuntimeException broken) { // broken lengths and counts come as exceptions of many kinds
            throw new CorruptEntryException(
                    "an entry of the kind " + EntryKind.words(key) + " cannot be read: " + broken);
        }
    }

    /** What made them; absent if there are none. */
    static Optional<ModelHeader> header(EntrySource entries) {
        List<ModelHeader> found = new ArrayList<>();
        entries.scanBut(FIRST, EntryKind.readLater(), (key, value) -> {
            if (EntryKind.isHeader(key)) {
                found.add(ModelHeader.read(value));
            }
        });
        return found.stream().findFirst();
    }

    /** Removes entries that are no rows. */
    static void remove(OrderedEntries entries, Predicate<byte[]> isRemoved) {
        List<byte[]> removed = new ArrayList<>();
        entries.scanBut(FIRST, EntryKind.readLater(), (key, value) -> {
            if (isRemoved.test(key)) {
                removed.add(key);
            }
        });
        removed.forEach(entries::delete);
    }
}
