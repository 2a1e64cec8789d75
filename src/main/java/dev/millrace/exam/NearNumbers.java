package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Catalogue;
import dev.millrace.neighbour.Nearness;
import dev.millrace.neighbour.NeighbourLists;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** How near items are to the latest clicks of one user: the numbers that are not 0, of few items. */
final class NearNumbers {

    /** [n] numbers of the items in the catalogue, ascending. */
    private final int[] items;
    /** [n] of {@link Nearness#number}. */
    private final float[] numbers;

    private NearNumbers(int[] items, float[] numbers) {
        this.items = items;
        this.numbers = numbers;
    }

    /** @param time epoch milliseconds */
    static NearNumbers of(TrainingExample example, long time, Catalogue catalogue, NeighbourLists neighbours) {
        List<Part> parts = new ArrayList<>();
        neighbours.forEachNear(example.user().history(), time, (item, part) -> {
            OptionalInt number = catalogue.number(item);
            if (number.isPresent()) {
                parts.add(new Part(number.getAsInt(), part));
            }
        });
        parts.sort((left, right) -> Integer.compare(left.item, right.item)); // stable: sums have one order
        int[] items = new int[parts.size()];
        float[] numbers = new float[items.length];
        int count = 0;
        double sum = 0;
        for (int at = 0; at < items.length; at++) {
            sum += parts.get(at).size;
            if (at + 1 == items.length || parts.get(at + 1).item != parts.get(at).item) {
                items[count] = parts.get(at).item;
                numbers[count++] = (float) Nearness.number(sum);
                sum = 0;
            }
        }
        return new NearNumbers(Arrays.copyOf(items, count), Arrays.copyOf(numbers, count));
    }

    private record Part(int item, double size) {}

    boolean isEmpty() {
        return items.length == 0;
    }

    /** Returns the number of an item. */
    float of(int item) {
        int at = Arrays.binarySearch(items, item);
        return at < 0 ? 0 : numbers[at];
    }

    /**
     * Adds the numbers of a tile's items, times a weight.
     *
     * @param to [size] by item, from {@code first} on
     */
    void addTo(float[] to, int first, int size, float weight) {
        for (int at = from(first); at < items.length && items[at] < first + size; at++) {
            to[items[at] - first] += weight * numbers[at];
        }
    }

    /**
     * Returns the sum of a tile's items' numbers, each times its factor.
     *
     * @param factors [size] by item, from {@code first} on
     */
    double sum(float[] factors, int first, int size) {
        double sum = 0;
        for (int at = from(first); at < items.length && items[at] < first + size; at++) {
            sum += (double) factors[items[at] - first] * numbers[at];
        }
        return sum;
    }

    private int from(int first) {
        int at = Arrays.binarySearch(items, first);
        return at < 0 ? -at - 1 : at;
    }
}
