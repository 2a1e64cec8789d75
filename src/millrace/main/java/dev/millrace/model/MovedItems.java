package dev.millrace.model;

import java.util.Arrays;

/**
 * The items whose rows a step moved, once for each row, and how far. One thread.
 *
 * <p>The arrays are longer than {@link #count}, and valid until the next step.
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

    public int count() {
        return count;
    }

    /** [count] */
    public String[] items() {
        return items;
    }

    /** [count] L2 distance of the row before and after the step. */
    public float[] distances() {
        return distances;
    }
}
