package dev.millrace.recall;

import dev.millrace.index.ItemIndex;
import dev.millrace.publish.ItemEmbedding;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * Builds the index of each generation from its embeddings and hands it to the engine once it is complete.
 *
 * <p>At most three live: the served one, the one before it, and the newest, if that is not served yet. All take the vectors
 * meant for them. A generation not among them is newer, and opened, if its vector was published after all of theirs; so what
 * compaction has left of an old one is known as old, whichever partition is read first. Used by one thread at a time.
 */
public final class Generations {

    /** What became of an embedding. */
    public enum Outcome {
        /** Its vector is in an index that answers. */
        VISIBLE,
        /** Its vector is in an index that does not answer (yet). */
        BUILDING,
        /** The item left every index. */
        REMOVED,
        /** It belongs to a generation that is no longer, or will never be, served. */
        OUTDATED,
        /** Its vector has another width than its generation's, or a component that is not finite. */
        UNUSABLE
    }

    private final RecallEngine engine;
    private final Function<String, UserEncoder> encoders;
    private final Completeness completeness;
    private final IntFunction<ItemIndex> indexes;
    private final Set<String> known = new HashSet<>();
    private Optional<ServedGeneration> next = Optional.empty();
    private boolean isCaughtUp;

    /**
     * @param encoders the encoder of a generation, by its name; asked once for each
     * @param indexes an empty index for vectors of a width
     */
    public Generations(
            RecallEngine engine,
            Function<String, UserEncoder> encoders,
            Completeness completeness,
            IntFunction<ItemIndex> indexes) {
        this.engine = engine;
        this.encoders = encoders;
        this.completeness = completeness;
        this.indexes = indexes;
    }

    /** @param publishedAt of the embedding, epoch milliseconds, wall clock of the topic */
    public Outcome take(ItemEmbedding embedding, long publishedAt) {
        if (embedding.vector().isEmpty()) {
            remove(embedding.item());
            return Outcome.REMOVED;
        }
        known.add(embedding.item());
        Optional<ServedGeneration> target = living(embedding.generation());
        if (target.isEmpty() && !isNewest(publishedAt)) {
            return Outcome.OUTDATED;
        }
        try {
            if (target.isEmpty()) {
                open(embedding, publishedAt);
                return Outcome.BUILDING;
            }
            target.get().index().upsert(embedding, publishedAt);
        } catch (IllegalArgumentException unusable) {
            return Outcome.UNUSABLE;
        }
        return engine.served().equals(target) ? Outcome.VISIBLE : Outcome.BUILDING;
    }

    /** Removes an item from every index. */
    public void remove(String item) {
        known.remove(item);
        engine.served().ifPresent(served -> served.index().remove(item));
        engine.previous().ifPresent(previous -> previous.index().remove(item));
        next.ifPresent(building -> building.index().remove(item));
    }

    /** Everything that was in the topics at start has been read. */
    public void caughtUp() {
        isCaughtUp = true;
    }

    /** Serves the newest generation if it is complete; returns whether it began to. */
    public boolean promoteIfComplete() {
        if (next.isEmpty()) {
            return false;
        }
        ServedGeneration candidate = next.get();
        if (!completeness.isComplete(new Completeness.Progress(
                candidate.index().size(), known.size(), candidate.encoder().isReady(), isCaughtUp))) {
            return false;
        }
        engine.serve(candidate);
        next = Optional.empty();
        return true;
    }

    /** The newest generation, while it is not served yet. */
    public Optional<ServedGeneration> building() {
        return next;
    }

    private Optional<ServedGeneration> living(String generation) {
        return next.filter(pair -> pair.generation().equals(generation))
                .or(() -> engine.served().filter(pair -> pair.generation().equals(generation)))
                .or(() -> engine.previous().filter(pair -> pair.generation().equals(generation)));
    }

    private boolean isNewest(long publishedAt) {
        return isPublishedAfter(next, publishedAt)
                && isPublishedAfter(engine.served(), publishedAt)
                && isPublishedAfter(engine.previous(), publishedAt);
    }

    private static boolean isPublishedAfter(Optional<ServedGeneration> other, long publishedAt) {
        return other.isEmpty() || publishedAt > other.get().index().newestPublication();
    }

    private void open(ItemEmbedding first, long publishedAt) {
        ItemIndex index = indexes.apply(first.vector().orElseThrow().length);
        index.upsert(first, publishedAt);
        next = Optional.of(new ServedGeneration(first.generation(), index, encoders.apply(first.generation())));
    }
}
