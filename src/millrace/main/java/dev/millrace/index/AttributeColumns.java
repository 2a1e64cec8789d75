package dev.millrace.index;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The attributes of a chunk's rows, by attribute: what filters read, from front to back. The chunk's lock guards them.
 */
final class AttributeColumns {

    private static final char[] NO_NUMBERS = {};
    private static final double[] NO_QUANTITIES = {};

    /** The attributes of all chunks of an index, by name. */
    static final class Names {

        private final Map<String, AttributeValues> values = new ConcurrentHashMap<>();

        /** Returns an attribute's values. An attribute that no item ever had has none. */
        AttributeValues of(String attribute) {
            AttributeValues known = values.get(attribute);
            return known == null ? new AttributeValues(Integer.MAX_VALUE) : known;
        }

        /** Whether items have had an attribute, and none as a quantity. */
        boolean isNoQuantity(String attribute) {
            AttributeValues known = values.get(attribute);
            return known != null && !known.hasQuantities();
        }

        /** As {@link #of}, for an attribute that an item has. Writer only. */
        private AttributeValues taken(String attribute) {
            return values.computeIfAbsent(attribute, name -> new AttributeValues(values.size()));
        }
    }

    private final Names names;
    private final int rows;
    private char[][] numbers = {};
    private double[][] quantities = {};

    AttributeColumns(Names names, int rows) {
        this.names = names;
        this.rows = rows;
    }

    /** Replaces a row's attributes. */
    void replace(int row, Features before, Features now) {
        before.values().keySet().forEach(attribute -> {
            AttributeValues values = names.taken(attribute);
            values.release(numbers[values.column()][row]);
            numbers[values.column()][row] = AttributeValues.NONE;
        });
        now.values().forEach((attribute, value) -> put(row, names.taken(attribute), value));
    }

    private void put(int row, AttributeValues values, FeatureValue value) {
        int column = values.column();
        if (column >= numbers.length) {
            int before = numbers.length;
            numbers = Arrays.copyOf(numbers, column + 1);
            quantities = Arrays.copyOf(quantities, column + 1);
            Arrays.fill(numbers, before, numbers.length, NO_NUMBERS);
            Arrays.fill(quantities, before, quantities.length, NO_QUANTITIES);
        }
        if (numbers[column].length == 0) {
            numbers[column] = new char[rows];
        }
        numbers[column][row] = values.take(value);
        if (value instanceof FeatureValue.Quantity quantity) {
            if (quantities[column].length == 0) {
                quantities[column] = new double[rows];
            }
            quantities[column][row] = quantity.value();
        }
    }

    /** Returns a column, [rows] the numbers of {@link AttributeValues}; empty if no row ever had the attribute. */
    char[] numbers(int column) {
        return column < numbers.length ? numbers[column] : NO_NUMBERS;
    }

    /** Returns the quantities of a column, [rows]; empty if no row ever had one. */
    double[] quantities(int column) {
        return column < quantities.length ? quantities[column] : NO_QUANTITIES;
    }
}
