package dev.millrace.checkpoint;

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
                trainer.restore(key, value);
            }
        });
        trainer.requireWhole();
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
