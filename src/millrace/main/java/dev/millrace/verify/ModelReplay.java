package dev.millrace.verify;

import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.checkpoint.LearnerEntries;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A trainer that learns the log again, and compares what was published of each step.
 *
 * <p>It learns without exams, as these change no weight, vector or digest. For one thread.
 */
final class ModelReplay {

    /** Vectors that are computed together. */
    private static final int BLOCK = 1024;

    private final Trainer trainer;
    private final OrderedEntries entries;
    private final long mostHeapBytes;
    private final Set<String> unlisted = new HashSet<>();

    /** @param entries of the checkpoint to go on from; none to begin from the beginning. Those of later steps replace them */
    ModelReplay(TrainerSettings settings, OrderedEntries entries) {
        this.trainer = LearnerEntries.toGoOn(settings, entries);
        this.entries = entries;
        this.mostHeapBytes = 2 * settings.cacheBytes();
    }

    long step() {
        return trainer.step();
    }

    void learn(MiniBatch batch) {
        trainer.replay(batch);
    }

    /** Compares the digests of its step. */
    List<String> compareDigests(List<PublishedModel.Digest> digests) {
        if (digests.isEmpty()) {
            return List.of();
        }
        String own = digest();
        return digests.stream()
                .filter(published -> !published.digest().equals(own))
                .map(published -> "digest of step " + step() + ": published " + published.digest() + " ("
                        + published.place() + "), replayed " + own)
                .toList();
    }

    /** Compares the vectors of its step. */
    List<String> compareVectors(List<PublishedModel.Vector> vectors) {
        List<String> differences = new ArrayList<>();
        int width = trainer.dim();
        for (int from = 0; from < vectors.size(); from += BLOCK) {
            List<PublishedModel.Vector> block = vectors.subList(from, Math.min(vectors.size(), from + BLOCK));
            List<String> items =
                    block.stream().map(vector -> vector.embedding().item()).toList();
            float[] own = new float[items.size() * width];
            trainer.vectors(items, own);
            for (int at = 0; at < items.size(); at++) {
                compare(block.get(at), Arrays.copyOfRange(own, at * width, (at + 1) * width))
                        .ifPresent(differences::add);
            }
        }
        return differences;
    }

    /** Finds vectors of items that are not in the catalogue. Everything up to its step must have been published. */
    List<String> compareCatalogue(PublishedModel published) {
        return published.vectors().values().stream()
                .filter(vector -> vector.embedding().step() < step())
                .flatMap(vector -> findUnlisted(vector).stream())
                .toList();
    }

    /** Items of the catalogue that have no vector. */
    Set<String> itemsWithoutVector(PublishedModel published) {
        Set<String> items = new TreeSet<>(trainer.items());
        items.removeAll(published.vectors().keySet());
        return items;
    }

    /**
     * Stores what changed if it needs much of the heap.
     *
     * <p>The {@link #entries} are then of this step. Call it only if a digest of a later step is to be compared.
     */
    void makeRoom() {
        if (trainer.model().heapRows().bytes() > mostHeapBytes) {
            store();
        }
    }

    /** All state entries, as of the last digest that was compared. */
    EntrySource entries() {
        return entries;
    }

    /** Items that a batch removes from the catalogue. */
    static Set<String> removedBy(MiniBatch batch) {
        return CatalogueChange.removed(batch.catalogue());
    }

    /** Its digest; the {@link #entries} are of its step then. */
    String digest() {
        store();
        return trainer.digest().map(StepDigest::digest).orElseThrow();
    }

    private void store() {
        if (trainer.digest().isEmpty()) {
            trainer.publish(Optional.empty(), embedding -> {}); // as before each commit; the vectors are not needed
            trainer.drainDirty(entries);
        }
    }

    private Optional<String> compare(PublishedModel.Vector vector, float[] own) {
        ItemEmbedding embedding = vector.embedding();
        float[] published = embedding.vector().orElseThrow();
        if (!trainer.catalogue().contains(embedding.item())) {
            return findUnlisted(vector);
        }
        if (published.length != own.length) {
            return Optional.of(vector + ": has " + published.length + " components, replayed " + own.length);
        }
        for (int at = 0; at < own.length; at++) {
            if (Float.floatToRawIntBits(own[at]) != Float.floatToRawIntBits(published[at])) {
                return Optional.of(vector + ": component " + at + " is " + withBits(published[at]) + ", replayed "
                        + withBits(own[at]));
            }
        }
        return Optional.empty();
    }

    private static String withBits(float value) {
        return String.format(Locale.ROOT, "%s (%08x)", value, Float.floatToRawIntBits(value));
    }

    /** A vector whose item is not in the catalogue; absent if it is, or was found before. */
    private Optional<String> findUnlisted(PublishedModel.Vector vector) {
        String item = vector.embedding().item();
        return trainer.catalogue().contains(item) || !unlisted.add(item)
                ? Optional.empty()
                : Optional.of(vector + ": the item is not in the catalogue of step " + step());
    }
}
