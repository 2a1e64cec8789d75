package dev.millrace.checkpoint;

import dev.millrace.model.FingerprintMismatchException;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.train.EntryKind;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import java.util.NavigableMap;

/** Restores a trainer from the entries of a checkpoint, whatever engine made them: to look at it, not to go on learning. */
final class LearnerRestore {

    private LearnerRestore() {}

    /** @throws CorruptEntryException if an entry is missing, or one of another commit */
    static void into(Trainer trainer, NavigableMap<byte[], byte[]> entries) {
        entries.forEach((key, value) -> {
            if (!EntryKind.isHeader(key)) { // which would refuse another engine
                entry(trainer, key, value);
            }
        });
        trainer.requireWhole();
    }

    /**
     * Restores one entry. A right sum does not say that its content is right.
     *
     * @throws CorruptEntryException if it is not as a learner of these settings writes it
     */
    static void entry(Trainer trainer, byte[] key, byte[] value) {
        try {
            trainer.restore(key, value);
        } catch (CorruptEntryException | FingerprintMismatchException told) {
            throw told;
        } catch (RuntimeException broken) { // broken lengths and counts come as exceptions of many kinds
            throw new CorruptEntryException(
                    "an entry of the kind " + EntryKind.words(key) + " cannot be read: " + broken);
        }
    }

    /** @param expected what the entries are to be */
    static void into(Trainer trainer, NavigableMap<byte[], byte[]> entries, StepDigest expected) {
        into(trainer, entries);
        StepDigest found = trainer.digest().orElseThrow();
        if (!found.equals(expected)) {
            throw new CorruptEntryException("its entries have the digest " + found.digest() + " at step " + found.step()
                    + ", it names " + expected.digest() + " at step " + expected.step());
        }
    }
}
