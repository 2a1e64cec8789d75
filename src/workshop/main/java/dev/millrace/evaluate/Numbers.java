package dev.millrace.evaluate;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Whole numbers in their order: four bytes each, or eight. */
final class Numbers {

    private int[] values = new int[2];
    private int count;

    void add(int number) {
        if (count == values.length) {
            values = Arrays.copyOf(values, 2 * count);
        }
        values[count++] = number;
    }

    IntStream stream() {
        return IntStream.of(values).limit(count);
    }
}
