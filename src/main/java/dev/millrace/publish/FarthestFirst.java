package dev.millrace.publish;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Predicate;

/**
 * The vectors whose rows moved since their publication, the farthest first: a binary heap in which each vector knows its
 * place. Of equal distances the older publication comes first, then the smaller id.
 */
final class FarthestFirst {

    private static final Comparator<LatestVector> AMONG_EQUALS = Comparator.comparingLong(
                    (LatestVector vector) -> vector.from.number())
            .thenComparing(vector -> vector.item);

    private final ArrayList<LatestVector> heap = new ArrayList<>();
    /**
     * By place, the distance of the vector there when it was given to {@link #rise}; the heap is ordered by it. Most comparisons need no
     * more.
     */
    private float[] distances = new float[16];

    /** Takes a vector whose distance has grown. Several may grow before they are given, one after the other. */
    void rise(LatestVector vector) {
        if (!(vector.moved > 0)) {
            return;
        }
        if (vector.place == LatestVector.NOWHERE) {
            heap.add(vector);
            vector.place = heap.size() - 1;
            if (vector.place == distances.length) {
                distances = Arrays.copyOf(distances, 2 * distances.length);
            }
        }
        distances[vector.place] = vector.moved;
        up(vector);
    }

    /** Takes a vector out. */
    void forget(LatestVector vector) {
        int place = vector.place;
        if (place == LatestVector.NOWHERE) {
            return;
        }
        vector.place = LatestVector.NOWHERE;
        LatestVector last = heap.remove(heap.size() - 1);
        if (last != vector) {
            put(last, place, distances[heap.size()]);
            up(last);
            down(last);
        }
    }

    /** Returns the wanted items whose rows moved farthest, in the order of their ids. */
    List<String> farthest(long count, Predicate<String> isWanted) {
        List<String> found = new ArrayList<>();
        PriorityQueue<Integer> next = new PriorityQueue<>(this::compare);
        add(next, 0);
        while (found.size() < count && !next.isEmpty()) {
            int place = next.remove();
            if (isWanted.test(heap.get(place).item)) {
                found.add(heap.get(place).item);
            }
            add(next, 2 * place + 1);
            add(next, 2 * place + 2);
        }
        found.sort(Comparator.naturalOrder());
        return found;
    }

    private void add(PriorityQueue<Integer> places, int place) {
        if (place < heap.size()) {
            places.add(place);
        }
    }

    private void up(LatestVector vector) {
        while (vector.place > 0) {
            int parent = (vector.place - 1) / 2;
            if (!isBefore(vector.place, parent)) {
                return;
            }
            swap(heap.get(parent), vector);
        }
    }

    private void down(LatestVector vector) {
        for (int child = 2 * vector.place + 1; child < heap.size(); child = 2 * vector.place + 1) {
            int nearest = child + 1 < heap.size() && isBefore(child + 1, child) ? child + 1 : child;
            if (!isBefore(nearest, vector.place)) {
                return;
            }
            swap(vector, heap.get(nearest));
        }
    }

    private boolean isBefore(int place, int other) {
        return compare(place, other) < 0;
    }

    private int compare(int place, int other) {
        return distances[place] != distances[other]
                ? Float.compare(distances[other], distances[place])
                : AMONG_EQUALS.compare(heap.get(place), heap.get(other));
    }

    private void swap(LatestVector one, LatestVector other) {
        int place = one.place;
        float distance = distances[other.place];
        put(one, other.place, distances[place]);
        put(other, place, distance);
    }

    private void put(LatestVector vector, int place, float distance) {
        heap.set(place, vector);
        distances[place] = distance;
        vector.place = place;
    }
}
