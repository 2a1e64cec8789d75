package dev.millrace.model;

import java.util.Arrays;
import java.util.List;

/**
 * The items whose rows a step moved, once for each row, and how far. One thread.
 *
 * <p>The distances are valid until the next step.
 */
public final class MovedItems {

    private String[] items = new String[16];
    private float[] distances = new float[16];
    private int count;

    public void add(String item, float distance) {
        if (count == items.length) {
            items = Arrays.copyOf(items, 2 * count);
            distances = Arrays.copyOf(distances, 2 * count);
        }
        items[count] = item;
        distances[count++] = distance;
    }

    void clear() {
        Arrays.fill(items, 0, count, "");
        count = 0;
    }

    /** Returns the items, until the next step. */
    public List<String> items() {
        return Arrays.asList(items).subList(0, count);
    }

    /** [items, or more] L2 distance of the row before and after the step. */
    public float[] distances() {
        return distances;
    }
}
