package dev.millrace.publish;

import dev.millrace.state.KeyIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;

/** The latest vector of each item, by item and in the order in which they were added. One thread. */
final class LatestVectors {

    private final KeyIndex numbers = new KeyIndex();
    private LatestVector[] vectors = new LatestVector[16];
    /** Numbers that are not in use. */
    private int[] free = new int[0];

    private int freeCount;
    private long[] fingerprints = new long[0];
    private int[] found = new int[0];
    private final LatestVector ends = new LatestVector("", Publications.NONE); // closes the chain

    int size() {
        return numbers.size();
    }

    Optional<LatestVector> of(String item) {
        int number = numbers.find(item);
        return number == KeyIndex.NONE ? Optional.empty() : Optional.of(vectors[number]);
    }

    /**
     * Visits the vectors of the first {@code count} items, those that have one, twice.
     *
     * <p>It goes in passes, each over all items: a pass waits for the memory of several at once.
     *
     * @param first takes the vector, and the item's place
     */
    void forEach(String[] items, int count, ObjIntConsumer<LatestVector> first, Consumer<LatestVector> then) {
        if (found.length < count) {
            fingerprints = new long[2 * count];
            found = new int[2 * count];
        }
        for (int at = 0; at < count; at++) {
            fingerprints[at] = KeyIndex.fingerprint(items[at]);
        }
        numbers.findAll(items, fingerprints, count, found);
        for (int at = 0; at < count; at++) {
            if (found[at] != KeyIndex.NONE) {
                first.accept(vectors[found[at]], at);
            }
        }
        for (int at = 0; at < count; at++) {
            if (found[at] != KeyIndex.NONE) {
                then.accept(vectors[found[at]]);
            }
        }
    }

    /** Adds the vector of an item that has none. */
    void add(LatestVector vector) {
        int number = freeCount > 0 ? free[--freeCount] : numbers.size();
        if (number == vectors.length) {
            vectors = Arrays.copyOf(vectors, 2 * number);
        }
        vectors[number] = vector;
        numbers.put(vector.item, number);
        vector.older = ends.older;
        vector.newer = ends;
        ends.older.newer = vector;
        ends.older = vector;
    }

    /** Removes an item's vector, and returns it. */
    Optional<LatestVector> remove(String item) {
        int number = numbers.remove(item);
        if (number == KeyIndex.NONE) {
            return Optional.empty();
        }
        LatestVector removed = vectors[number];
        vectors[number] = ends;
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, Math.max(16, 2 * freeCount));
        }
        free[freeCount++] = number;
        removed.older.newer = removed.newer;
        removed.newer.older = removed.older;
        return Optional.of(removed);
    }

    /** Returns the items whose vectors were added first. */
    List<String> oldest(long count) {
        List<String> items = new ArrayList<>();
        for (LatestVector next = ends.newer; items.size() < count && next != ends; next = next.newer) {
            items.add(next.item);
        }
        return items;
    }
}
