package dev.millrace.publish;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Predicate;

/**
 * The vectors whose rows moved since their publication, the farthest first: a binary heap in which each vector knows its
 * place. Of equal distances the older publication comes first, then the smaller id.
 */
final class FarthestFirst {

    private static final Comparator<LatestVector> ORDER = Comparator.comparingDouble(
                    (LatestVector vector) -> -vector.moved)
            .thenComparingLong(vector -> vector.from.number())
            .thenComparing(vector -> vector.item);

    private final ArrayList<LatestVector> heap = new ArrayList<>();

    /** Adds a distance to that of a vector. */
    void move(LatestVector vector, float distance) {
        vector.moved += distance;
        if (!(vector.moved > 0)) {
            return;
        }
        if (vector.place == LatestVector.NOWHERE) {
            heap.add(vector);
            vector.place = heap.size() - 1;
        }
        rise(vector);
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
            put(last, place);
            rise(last);
            sink(last);
        }
    }

    /** Returns the wanted items whose rows moved farthest, in the order of their ids. */
    List<String> farthest(long count, Predicate<String> isWanted) {
        List<String> found = new ArrayList<>();
        PriorityQueue<Integer> next = new PriorityQueue<>(Comparator.comparing(heap::get, ORDER));
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

    private void rise(LatestVector vector) {
        while (vector.place > 0) {
            LatestVector parent = heap.get((vector.place - 1) / 2);
            if (ORDER.compare(parent, vector) <= 0) {
                return;
            }
            swap(parent, vector);
        }
    }

    private void sink(LatestVector vector) {
        for (int child = 2 * vector.place + 1; child < heap.size(); child = 2 * vector.place + 1) {
            boolean isRightNearer = child + 1 < heap.size() && ORDER.compare(heap.get(child + 1), heap.get(child)) < 0;
            LatestVector nearest = heap.get(isRightNearer ? child + 1 : child);
            if (ORDER.compare(vector, nearest) <= 0) {
                return;
            }
            swap(vector, nearest);
        }
    }

    private void swap(LatestVector one, LatestVector other) {
        int place = one.place;
        put(one, other.place);
        put(other, place);
    }

    private void put(LatestVector vector, int place) {
        heap.set(place, vector);
        vector.place = place;
    }
}
