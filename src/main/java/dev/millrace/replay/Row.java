package dev.millrace.replay;

import dev.millrace.event.UnusableEventException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One row of a file, reduced to the columns that were asked for.
 *
 * @param line where it begins, from 1
 * @param fingerprint of the whole row's content, whatever file it stands in: equal rows, equal fingerprints
 * @param cells one a column asked for, stripped; empty where there is no value. An array of JSON begins with {@link #ARRAY},
 *     which also stands between its elements
 */
record Row(long line, String fingerprint, List<String> cells) {

    /** The unit separator of ASCII, which ids cannot hold. */
    static final char ARRAY = '\u001f';

    Optional<String> text(int column) {
        String cell = cells.get(column);
        return cell.isEmpty() ? Optional.empty() : Optional.of(cell);
    }

    /** The values of a cell that holds several: an array's elements, or what stands between separators. */
    List<String> texts(int column, String separator) {
        String cell = cells.get(column);
        boolean array = !cell.isEmpty() && cell.charAt(0) == ARRAY;
        String[] parts = array
                ? cell.substring(1).split(String.valueOf(ARRAY))
                : cell.split(java.util.regex.Pattern.quote(separator));
        return Arrays.stream(parts)
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .toList();
    }

    /** A finite number. */
    static double number(String name, String text) {
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

    /** A flag, as logs write it; absent is false. */
    static boolean flag(String name, String text) {
        return switch (text.toLowerCase(java.util.Locale.ROOT)) {
            case "1", "1.0", "true", "t", "yes", "y" -> true;
            case "", "0", "0.0", "false", "f", "no", "n" -> false;
            default -> throw new UnusableEventException(name, text, "must be a flag such as 0, 1, true, false");
        };
    }
}
