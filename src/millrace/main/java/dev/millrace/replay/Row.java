package dev.millrace.replay;

import dev.millrace.event.UnusableEventException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One row of a file, with the columns that are wanted of it.
 *
 * @param line first line of the row, from 1
 * @param fingerprint of the whole content of the row; equal rows have equal fingerprints, also in different files
 * @param columns that are wanted
 * @param cells [columns] stripped text of each wanted column; empty if there is no value. A JSON array begins with
 *     {@link #ARRAY}, and the same sign separates its elements
 */
public record Row(long line, String fingerprint, List<String> columns, List<String> cells) {

    /** The unit separator of ASCII, which ids cannot hold. */
    static final char ARRAY = '\u001f';

    /** The text of a wanted column; empty if there is no value. */
    public String cell(String column) {
        return cells.get(columns.indexOf(column));
    }

    public Optional<String> text(String column) {
        return Optional.of(cell(column)).filter(text -> !text.isEmpty());
    }

    /** Returns the values of a cell that holds several: the elements of an array, or the texts between separators. */
    public List<String> texts(String column, String separator) {
        String cell = cell(column);
        String[] parts = cell.indexOf(ARRAY) == 0
                ? cell.substring(1).split(String.valueOf(ARRAY))
                : cell.split(java.util.regex.Pattern.quote(separator));
        return Arrays.stream(parts)
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .toList();
    }

    /** The finite number of a column, absent if there is no value. */
    public Optional<Double> number(String column) {
        return text(column).map(text -> number(column, text));
    }

    /** Reads a finite number. */
    public static double number(String name, String text) {
        double value;
        try {
            value = Double.parseDouble(text);
        } catch (NumberFormatException notANumber) {
            throw new UnusableEventException(name, text, "must be a number");
        }
        if (!Double.isFinite(value)) {
            throw new UnusableEventException(name, text, "must be finite");
        }
        return value;
    }

    /** The flag of a column, false if there is no value. */
    public boolean flag(String column) {
        String text = cell(column);
        return switch (text.toLowerCase(java.util.Locale.ROOT)) {
            case "1", "1.0", "true", "t", "yes", "y" -> true;
            case "", "0", "0.0", "false", "f", "no", "n" -> false;
            default -> throw new UnusableEventException(column, text, "must be a flag such as 0, 1, true, false");
        };
    }
}
