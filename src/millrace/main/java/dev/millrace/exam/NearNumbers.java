package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.neighbour.NeighbourLists;
import dev.millrace.state.Form;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/** How near items are to the latest clicks of one user: the numbers that are not 0, of few items. */
final class NearNumbers {

    /** [n] numbers of the items in the catalogue, ascending. */
    private final int[] items;
    /** [n] of {@link dev.millrace.neighbour.Nearness#number}. */
    private final float[] numbers;

    private NearNumbers(int[] items, float[] numbers) {
        this.items = items;
        this.numbers = numbers;
    }

    /** @param time epoch milliseconds */
    static NearNumbers of(TrainingExample example, NeighbourLists neighbours, long time) {
        return neighbours.near(example.user().history(), time, NearNumbers::new);
    }

    boolean isEmpty() {
        return items.length == 0;
    }

    /** What is near, by the items' ids, whose numbers may change. */
    record ById(List<String> items, float[] numbers) {

        static final ById NOTHING = new ById(List.of(), new float[0]);

        ById fields(Form form) {
            return new ById(form.texts(items), form.floats(numbers));
        }

        /** Returns the numbers of the items that the catalogue still has. */
        NearNumbers in(Catalogue catalogue) {
            SortedMap<Integer, Float> found = new TreeMap<>();
            for (int at = 0; at < numbers.length; at++) {
                OptionalInt item = catalogue.number(items.get(at));
                if (item.isPresent()) {
                    found.put(item.getAsInt(), numbers[at]);
                }
            }
            float[] sorted = new float[found.size()];
            int at = 0;
            for (float number : found.values()) {
                sorted[at++] = number;
            }
            return new NearNumbers(
                    found.keySet().stream().mapToInt(item -> item).toArray(), sorted);
        }
    }

    /** @param catalogue that these are the numbers of */
    ById byId(Catalogue catalogue) {
        return new ById(Arrays.stream(items).mapToObj(catalogue::itemAt).toList(), numbers);
    }

    /** Returns the items of the largest numbers, the largest first; of equal ones, in the order of their ids. */
    List<Integer> nearest(int most, Catalogue catalogue) {
        List<Integer> places = new ArrayList<>(most + 1);
        for (int at = 0; at < items.length; at++) {
            int to = places.size();
            while (to > 0 && isNearer(at, places.get(to - 1), catalogue)) {
                to--;
            }
            if (to < most) {
                places.add(to, at);
            }
            if (places.size() > most) {
                places.remove(most);
            }
        }
        return places.stream().map(at -> items[at]).toList();
    }

    private boolean isNearer(int at, int other, Catalogue catalogue) {
        return numbers[at] != numbers[other]
                ? numbers[at] > numbers[other]
                : catalogue.itemAt(items[at]).compareTo(catalogue.itemAt(items[other])) < 0;
    }

    /** Receives a place in a list, and the number of the item that is there. */
    interface Visitor {
        void visit(int place, float number);
    }

    /**
     * Visits those of some items that are near.
     *
     * @param ascending numbers of the items
     */
    void forEach(int[] ascending, Visitor visitor) {
        int place = 0;
        for (int at = 0; at < items.length && place < ascending.length; at++) {
            while (place < ascending.length && ascending[place] < items[at]) {
                place++;
            }
            if (place < ascending.length && ascending[place] == items[at]) {
                visitor.visit(place, numbers[at]);
            }
        }
    }

    /** Returns the number of an item. */
    float of(int item) {
        int at = Arrays.binarySearch(items, item);
        return at < 0 ? 0 : numbers[at];
    }

    /** Visits those of a tile's items that are near, by their places in it. */
    void forEach(int first, int size, Visitor visitor) {
        for (int at = from(first); at < items.length && items[at] < first + size; at++) {
            visitor.visit(items[at] - first, numbers[at]);
        }
    }

    private int from(int first) {
        int at = Arrays.binarySearch(items, first);
        return at < 0 ? -at - 1 : at;
    }
}
