package dev.millrace.draft;

import dev.millrace.replay.LogSample;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the values of a column look like.
 *
 * @param kind of the mapping
 * @param modelKind of the settings
 * @param why with the figures
 * @param width of a vector; 0 for all others
 */
record CellShape(String kind, String modelKind, String why, int width) {

    private static final int MOST_CODES = 50;
    private static final int LEAST_VECTOR = 4;
    private static final double LEAST_SEPARATED = 0.2;
    private static final List<String> SEPARATORS = List.of(String.valueOf(LogSample.ARRAY), "|", ";", ",", " ");

    static CellShape of(ColumnFacts column) {
        if (column.isNumber()) {
            boolean isCode = column.words().mentions(ColumnName.CODES);
            boolean isFraction =
                    column.counts().keySet().stream().anyMatch(cell -> cell.contains(".") && !cell.endsWith(".0"));
            return isCode || (column.distinct() <= MOST_CODES && !isFraction)
                    ? category(isCode ? "numbers that name, not measure" : "few whole numbers")
                    : new CellShape("number", "numeric", "all values are numbers", 0);
        }
        return SEPARATORS.stream()
                .flatMap(separator -> several(column, separator).stream())
                .findFirst()
                .orElseGet(() -> shareOf(column, " ") >= 0.5 && column.distinct() > MOST_CODES
                        ? new CellShape("category", "text", "most values have several words", 0)
                        : category("texts"));
    }

    boolean isCategory() {
        return modelKind.equals("categorical");
    }

    private static CellShape category(String why) {
        return new CellShape("category", "categorical", why, 0);
    }

    /** Several values in a cell: a vector of as many numbers each, or a bag whose parts come again in other cells. */
    private static Optional<CellShape> several(ColumnFacts column, String separator) {
        double share = shareOf(column, separator);
        if (share < LEAST_SEPARATED) {
            return Optional.empty();
        }
        List<List<String>> cells = column.counts().keySet().stream()
                .map(cell -> Arrays.stream(cell.split(Pattern.quote(separator)))
                        .map(String::strip)
                        .filter(part -> !part.isEmpty())
                        .toList())
                .toList();
        List<String> all = cells.stream().flatMap(List::stream).toList();
        boolean isArray = separator.charAt(0) == LogSample.ARRAY;
        String written = isArray ? "," : separator.equals(" ") ? "space" : separator;
        int width = cells.get(0).size();
        if (width >= LEAST_VECTOR
                && cells.stream().allMatch(cell -> cell.size() == width)
                && all.stream().allMatch(part -> ColumnFacts.number(part).isPresent())) {
            return Optional.of(new CellShape("vector " + written, "vector", width + " numbers in each value", width));
        }
        boolean comeAgain = all.stream().distinct().count() * 2 <= all.size();
        String why = String.format(Locale.ROOT, "%.0f %% of the values have several parts", 100 * share);
        return isArray || (comeAgain && !separator.equals(" "))
                ? Optional.of(new CellShape("bag " + written, "bag", why, 0))
                : Optional.empty();
    }

    private static double shareOf(ColumnFacts column, String separator) {
        return column.counts().keySet().stream()
                .mapToInt(cell -> cell.contains(separator) ? 1 : 0)
                .average()
                .orElse(0);
    }
}
