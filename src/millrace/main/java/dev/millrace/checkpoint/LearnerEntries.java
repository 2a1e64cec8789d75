package dev.millrace.checkpoint;

import dev.millrace.model.FingerprintMismatchException;
import dev.millrace.model.ModelEntry;
import dev.millrace.model.ModelHeader;
import dev.millrace.model.SharedNumbers;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import dev.millrace.train.EntryKind;
import dev.millrace.train.StepDigest;
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
        Trainer trainer = restored(settings, entries, isLeftOut);
        trainer.requireEachRow();
        return trainer;
    }

    private static Trainer restored(TrainerSettings settings, EntrySource entries, Predicate<byte[]> isLeftOut) {
        Trainer trainer = new Trainer(settings, entries);
        entries.scanBut(FIRST, EntryKind.readLater(), (key, value) -> {
            if (!isLeftOut.test(key)) {
                restore(trainer, key, value);
            }
        });
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

    /**
     * Adds the rows that several learners have each of users of its own, to entries of the base that they share.
     *
     * @param shards the entries of each
     * @return step and digest of what it is then
     * @throws CorruptEntryException if the rows of a shard are not those of its commit, or two shards have a row of one user
     */
    static StepDigest addRows(TrainerSettings settings, OrderedEntries entries, List<? extends EntrySource> shards) {
        byte[] header = entries.get(ModelEntry.Kind.HEADER.key()).orElseThrow();
        for (int shard = 0; shard < shards.size(); shard++) {
            addRows(settings, shard, shards.get(shard), entries);
        }
        try (Trainer trainer = restored(settings, entries, EntryKind::isHeader)) {
            trainer.model().begin(Long.MAX_VALUE); // with all rows, which the next drain takes into the digest
            trainer.drainDirty(entries);
            entries.put(ModelEntry.Kind.HEADER.key(), header); // of the engine that made the weights
            remove(entries, EntryKind::isOfTheApplication);
            return trainer.digest().orElseThrow();
        }
    }

    private static void addRows(TrainerSettings settings, int shard, EntrySource from, OrderedEntries into) {
        for (byte[] prefix : SharedNumbers.ownRows(settings.model())) {
            from.scan(prefix, EntrySource.behind(prefix), (key, value) -> {
                if (into.get(key).isPresent()) {
                    throw new CorruptEntryException("a key of the " + EntryKind.words(key) + " is in shard " + shard
                            + " and in another: each user must be of one");
                }
                into.put(key, value);
                return true;
            });
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
