package dev.millrace.index;

import dev.millrace.event.FeatureValue;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The values that items have of one attribute, numbered. A filter then asks once about a value, not once an item.
 *
 * <p>Categories and bags have numbers. A number is free again when no item has its value. One writer and any number of readers at a time.
 */
final class AttributeValues {

    /** In place of a number: no filter accepts the item, as it does not have the attribute, or has it as a vector. */
    static final char NONE = 0;

    /** In place of a number: the value is a quantity, and stands in the column itself. */
    static final char QUANTITY = 1;

    /** In place of a number: all numbers were taken when the value came. */
    static final char UNNUMBERED = 2;

    private static final char FIRST = 3;
    private static final int MOST = Character.MAX_VALUE + 1;

    private final int column;
    private final Map<FeatureValue, Character> numbers = new HashMap<>();
    private final Deque<Character> free = new ArrayDeque<>();
    private int[] uses = new int[2 * FIRST];
    private int end = FIRST;
    private volatile @Nullable FeatureValue[] values = new FeatureValue[2 * FIRST];
    private volatile boolean hasQuantities;

    /** @param column of the attribute, in each chunk */
    AttributeValues(int column) {
        this.column = column;
    }

    int column() {
        return column;
    }

    /** Returns the number of an item's value. Writer only. */
    char take(FeatureValue value) {
        return value.match(this::number, this::quantity, this::number, dense -> NONE);
    }

    private char quantity(FeatureValue.Quantity quantity) {
        hasQuantities = true;
        return QUANTITY;
    }

    /** Whether an item ever had a quantity. */
    boolean hasQuantities() {
        return hasQuantities;
    }

    /** Lets go of the number of an item's value. Writer only. */
    void release(char number) {
        if (number >= FIRST && --uses[number] == 0) {
            numbers.remove(value(number));
            free.push(number);
        }
    }

    /** Returns the value of a number that an item has. */
    FeatureValue value(char number) {
        return Objects.requireNonNull(values[number]);
    }

    private char number(FeatureValue value) {
        Character known = numbers.get(value);
        char number = known == null ? begin(value) : known;
        if (number != UNNUMBERED) {
            uses[number]++;
        }
        return number;
    }

    private char begin(FeatureValue value) {
        if (free.isEmpty() && end == MOST) {
            return UNNUMBERED;
        }
        if (free.isEmpty() && end == uses.length) {
            int room = Math.min(2 * end, MOST);
            uses = Arrays.copyOf(uses, room);
            values = Arrays.copyOf(values, room);
        }
        char number = free.isEmpty() ? (char) end++ : free.pop();
        numbers.put(value, number);
        values[number] = value; // a reader learns the number later, under the chunk's lock
        return number;
    }
}
