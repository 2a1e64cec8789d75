package dev.millrace.publish;

import dev.millrace.state.KeyIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The latest vector of each item, by item and in the order in which they were added. One thread. */
final class LatestVectors {

    private final KeyIndex numbers = new KeyIndex();
    private LatestVector[] vectors = new LatestVector[16];
    /** Numbers that are not in use. */
    private int[] free = new int[16];

    private int freeCount;
    private long[] fingerprints = new long[0];
    private int[] found = new int[0];
    private final LatestVector ends = new LatestVector("", KeyIndex.NONE, Publications.NONE); // closes the chain

    int size() {
        return numbers.size();
    }

    Optional<LatestVector> of(String item) {
        int number = numbers.find(item);
        return number == KeyIndex.NONE ? Optional.empty() : Optional.of(vectors[number]);
    }

    /** Returns the vector of a number that is in use. */
    LatestVector at(int number) {
        return vectors[number];
    }

    /** [count] Returns the numbers of the first {@code count} items, {@link KeyIndex#NONE} of one without a vector; valid until the next call. */
    int[] numbers(String[] items, int count) {
        if (found.length < count) {
            fingerprints = new long[2 * count];
            found = new int[2 * count];
        }
        for (int at = 0; at < count; at++) {
            fingerprints[at] = KeyIndex.fingerprint(items[at]);
        }
        numbers.findAll(items, fingerprints, count, found);
        return found;
    }

    /** Adds a vector of an item that has none. */
    void add(String item, Publications.Publication from) {
        int number = freeCount > 0 ? free[--freeCount] : numbers.size();
        if (number == vectors.length) {
            vectors = Arrays.copyOf(vectors, 2 * number);
        }
        LatestVector vector = new LatestVector(item, number, from);
        vectors[number] = vector;
        numbers.put(item, number);
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
            free = Arrays.copyOf(free, 2 * freeCount);
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
