package dev.millrace.draft;

import dev.millrace.draft.FeatureDraft.Shape;
import dev.millrace.replay.LogSample;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the values of a column look like.
 *
 * @param shape that a feature of them has
 * @param why with the figures
 * @param width of a vector; 0 for all others
 */
record CellShape(Shape shape, String why, int width) {

    private static final int MOST_CODES = 50;
    private static final int LEAST_VECTOR = 4;
    private static final double LEAST_SEPARATED = 0.2;
    private static final List<String> SEPARATORS = List.of(String.valueOf(LogSample.ARRAY), "|", ";", ",", " ");

    static CellShape of(ColumnFacts column) {
        if (column.isNumber()) {
            boolean isCode = column.words().mentions(ColumnName.CODES);
            return isCode || (column.distinct() <= MOST_CODES && !isFraction(column))
                    ? new CellShape(Shape.CATEGORY, isCode ? "numbers that name, not measure" : "few whole numbers", 0)
                    : new CellShape(Shape.NUMBER, "all values are numbers", 0);
        }
        for (String separator : SEPARATORS) {
            Optional<CellShape> several = several(column, separator);
            if (several.isPresent()) {
                return several.get();
            }
        }
        double spaced = shareOf(column, " ");
        return spaced >= 0.5 && column.distinct() > MOST_CODES
                ? new CellShape(Shape.TEXT, percent(spaced) + " of the values have several words", 0)
                : new CellShape(Shape.CATEGORY, "texts", 0);
    }

    /** Several values in a cell: a vector of as many numbers each, or a bag whose parts come again in other cells. */
    private static Optional<CellShape> several(ColumnFacts column, String separator) {
        double share = shareOf(column, separator);
        if (share < LEAST_SEPARATED) {
            return Optional.empty();
        }
        Set<String> parts = new HashSet<>();
        Set<Integer> widths = new HashSet<>();
        int total = 0;
        boolean areNumbers = true;
        for (String cell : column.counts().keySet()) {
            String[] found = Arrays.stream(cell.split(Pattern.quote(separator)))
                    .map(String::strip)
                    .filter(part -> !part.isEmpty())
                    .toArray(String[]::new);
            widths.add(found.length);
            total += found.length;
            for (String part : found) {
                parts.add(part);
                areNumbers &= ColumnFacts.number(part).isPresent();
            }
        }
        boolean isArray = separator.charAt(0) == LogSample.ARRAY;
        String written = isArray ? "," : separator.equals(" ") ? "space" : separator;
        int width = widths.size() == 1 ? widths.iterator().next() : 0;
        if (areNumbers && width >= LEAST_VECTOR) {
            return Optional.of(new CellShape(Shape.vector(written), width + " numbers in each value", width));
        }
        boolean comeAgain = parts.size() * 2 <= total;
        if (isArray || (comeAgain && !separator.equals(" "))) {
            return Optional.of(new CellShape(
                    Shape.bag(written),
                    isArray
                            ? "arrays"
                            : String.format(
                                    Locale.ROOT,
                                    "%s of the values have several parts, %,d different parts in all",
                                    percent(share),
                                    parts.size()),
                    0));
        }
        return Optional.empty();
    }

    private static double shareOf(ColumnFacts column, String separator) {
        long with = column.counts().keySet().stream()
                .filter(cell -> cell.contains(separator))
                .count();
        return column.distinct() == 0 ? 0 : (double) with / column.distinct();
    }

    private static boolean isFraction(ColumnFacts column) {
        return column.counts().keySet().stream().anyMatch(cell -> cell.contains(".") && !cell.endsWith(".0"));
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * share);
    }
}
