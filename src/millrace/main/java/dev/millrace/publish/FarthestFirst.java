package dev.millrace.publish;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.IntBinaryOperator;
import java.util.function.IntFunction;
import java.util.function.Predicate;

/**
 * The vectors whose rows moved since their publication, the farthest first. Of equal distances the older publication comes first, then the
 * smaller id. One thread.
 *
 * <p>A binary heap in arrays of numbers: each step moves thousands of rows, and a reference that is written into an old array costs more than
 * the comparison.
 */
final class FarthestFirst {

    private static final int NOWHERE = -1;
    private final IntFunction<String> items;
    private final IntBinaryOperator ages;
    /** By number, how far the item's row has moved: an estimate, 0 again after a restart. */
    private float[] moved = new float[0];
    /** By number, the place in the heap. */
    private int[] places = new int[0];

    private int size;
    /** By place, the number of the vector there. */
    private int[] heap = new int[16];
    /** By place, the distance of the vector there when it was given to {@link #rise}; the heap is ordered by it. */
    private float[] distances = new float[16];

    /**
     * @param items returns the item of a number
     * @param ages compares two numbers; the older publication is less
     */
    FarthestFirst(IntFunction<String> items, IntBinaryOperator ages) {
        this.items = items;
        this.ages = ages;
    }

    /** Adds a distance to that of a vector. {@link #rise} must follow, at once or when others have been added to. */
    void add(int number, float distance) {
        if (number >= moved.length) {
            int before = moved.length;
            moved = Arrays.copyOf(moved, Math.max(number + 1, 2 * before));
            places = Arrays.copyOf(places, moved.length);
            Arrays.fill(places, before, places.length, NOWHERE);
        }
        moved[number] += distance;
    }

    /** Gives a vector its place by its distance, which has grown. */
    void rise(int number) {
        float distance = moved[number];
        if (!(distance > 0)) {
            return;
        }
        int place = places[number];
        if (place == NOWHERE) {
            place = size++;
            if (place == heap.length) {
                heap = Arrays.copyOf(heap, 2 * place);
                distances = Arrays.copyOf(distances, 2 * place);
            }
        }
        up(number, distance, place);
    }

    /** Takes a vector out; of its number, the next begins with 0. */
    void forget(int number) {
        if (number >= moved.length) {
            return;
        }
        moved[number] = 0;
        int place = places[number];
        if (place == NOWHERE) {
            return;
        }
        places[number] = NOWHERE;
        size--;
        if (place < size) {
            int last = heap[size];
            up(last, distances[size], place);
            down(last, distances[places[last]], places[last]);
        }
    }

    /** Gives a vector another number, which no other has. */
    void move(int from, int to) {
        if (from >= moved.length) {
            return;
        }
        moved[to] = moved[from];
        moved[from] = 0;
        if (places[from] != NOWHERE) {
            put(to, distances[places[from]], places[from]);
            places[from] = NOWHERE;
        }
    }

    /** Returns the wanted items whose rows moved farthest, in the order of their ids. */
    List<String> farthest(long count, Predicate<String> isWanted) {
        List<String> found = new ArrayList<>();
        PriorityQueue<Integer> next = new PriorityQueue<>(
                (place, other) -> compare(distances[place], heap[place], distances[other], heap[other]));
        offer(next, 0);
        while (found.size() < count && !next.isEmpty()) {
            int place = next.remove();
            String item = items.apply(heap[place]);
            if (isWanted.test(item)) {
                found.add(item);
            }
            offer(next, 2 * place + 1);
            offer(next, 2 * place + 2);
        }
        found.sort(Comparator.naturalOrder());
        return found;
    }

    private void offer(PriorityQueue<Integer> places, int place) {
        if (place < size) {
            places.add(place);
        }
    }

    /** Puts a vector at a place or above it. */
    private void up(int number, float distance, int from) {
        int place = from;
        while (place > 0) {
            int parent = (place - 1) / 2;
            if (compare(distance, number, distances[parent], heap[parent]) >= 0) {
                break;
            }
            put(heap[parent], distances[parent], place);
            place = parent;
        }
        put(number, distance, place);
    }

    /** Puts a vector at a place or below it. */
    private void down(int number, float distance, int from) {
        int place = from;
        for (int child = 2 * place + 1; child < size; child = 2 * place + 1) {
            if (child + 1 < size && compare(distances[child + 1], heap[child + 1], distances[child], heap[child]) < 0) {
                child++;
            }
            if (compare(distance, number, distances[child], heap[child]) <= 0) {
                break;
            }
            put(heap[child], distances[child], place);
            place = child;
        }
        put(number, distance, place);
    }

    private int compare(float distance, int number, float otherDistance, int other) {
        if (distance != otherDistance) {
            return Float.compare(otherDistance, distance);
        }
        int byAge = ages.applyAsInt(number, other);
        return byAge != 0 ? byAge : items.apply(number).compareTo(items.apply(other));
    }

    private void put(int number, float distance, int place) {
        heap[place] = number;
        distances[place] = distance;
        places[number] = place;
    }
}
