package dev.millrace.draft;

import dev.millrace.replay.LogSample;
import dev.millrace.replay.TimeScale;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What the cells of one column tell about it.
 *
 * @param words of its name
 * @param cells all cells of the sample, also the empty ones
 * @param counts how often each value comes
 * @param filled cells that are not empty
 * @param isWhole whether all values are whole numbers
 * @param time how its cells are written if nearly all are times, not more than thirty years apart
 * @param span from its first to its last time; 0 if it holds none
 */
record ColumnFacts(
        String name,
        ColumnName words,
        List<String> cells,
        Map<String, Integer> counts,
        int filled,
        boolean isNumber,
        boolean isWhole,
        Optional<TimeScale> time,
        Duration span) {

    private static final double NEARLY_ALL = 0.99;
    private static final Set<String> YES = Set.of("1", "1.0", "true", "t", "yes", "y");
    private static final Set<String> NO = Set.of("0", "0.0", "false", "f", "no", "n");
    private static final long LONGEST_LOG_MILLIS = 30L * 365 * 86_400_000;

    static ColumnFacts of(LogSample.Column column) {
        Map<String, Integer> counts = new HashMap<>();
        column.cells().stream().filter(cell -> !cell.isEmpty()).forEach(cell -> counts.merge(cell, 1, Integer::sum));
        Set<String> values = counts.keySet();
        int filled = counts.values().stream().mapToInt(Integer::intValue).sum();
        boolean isNumber = !values.isEmpty()
                && values.stream().allMatch(cell -> number(cell).isPresent());
        Map<TimeScale, Integer> rowsByScale = new EnumMap<>(TimeScale.class);
        LongSummaryStatistics millis = new LongSummaryStatistics();
        if (values.stream().limit(100).anyMatch(cell -> TimeScale.likely(cell).isPresent())) {
            counts.forEach((cell, rows) -> TimeScale.likely(cell).ifPresent(scale -> {
                rowsByScale.merge(scale, rows, Integer::sum);
                millis.accept(scale.millis(column.name(), cell));
            }));
        }
        long span = rowsByScale.isEmpty() ? 0 : millis.getMax() - millis.getMin();
        return new ColumnFacts(
                column.name(),
                ColumnName.of(column.name()),
                column.cells(),
                counts,
                filled,
                isNumber,
                isNumber && values.stream().noneMatch(cell -> cell.contains(".") || cell.contains("e")),
                rowsByScale.keySet().stream()
                        .filter(scale ->
                                rowsByScale.getOrDefault(scale, 0) >= NEARLY_ALL * filled && span <= LONGEST_LOG_MILLIS)
                        .findFirst(),
                Duration.ofMillis(span));
    }

    int rows() {
        return cells.size();
    }

    int distinct() {
        return counts.size();
    }

    /** Values that say yes, and others that say no. */
    boolean isFlag() {
        return counts.keySet().stream().anyMatch(ColumnFacts::isYes)
                && counts.keySet().stream().anyMatch(ColumnFacts::isNo)
                && counts.keySet().stream().allMatch(cell -> isYes(cell) || isNo(cell));
    }

    long yes() {
        return cells.stream().filter(ColumnFacts::isYes).count();
    }

    /** A value in each row that could be an id, and that comes back. */
    boolean couldBeId() {
        return looksLikeIds() && distinct() <= 0.9 * filled;
    }

    /** A value in each row that could be an id, though in these rows most may come once. */
    boolean looksLikeIds() {
        return filled >= NEARLY_ALL * rows()
                && distinct() >= 10
                && distinct() < filled
                && (isWhole || !isNumber)
                && time.isEmpty()
                && counts.keySet().stream().noneMatch(cell -> cell.indexOf(LogSample.ARRAY) >= 0);
    }

    /** Each value is the one before it plus one. */
    boolean countsRows() {
        if (!isWhole || filled < rows() || rows() < 2) {
            return false;
        }
        double first = number(cells.get(0)).orElse(0);
        return IntStream.range(1, rows()).allMatch(row -> number(cells.get(row)).orElse(0) == first + row);
    }

    /** The share of rows with the same value as another row that was drawn at random. */
    double sameByChance() {
        double sum = 0;
        for (int count : counts.values()) {
            sum += Math.pow((double) count / filled, 2);
        }
        return sum;
    }

    /** How its times are written, to follow its figures; empty if it holds none. */
    String writtenTime() {
        return time.map(scale -> ", written as " + scale.label()).orElse("");
    }

    /** Such as {@code 943 distinct values in 100,000 rows}. */
    String figures() {
        String empty = filled == rows() ? "" : String.format(Locale.ROOT, ", %,d of them empty", rows() - filled);
        return String.format(
                Locale.ROOT,
                "%,d distinct value%s in %,d rows%s",
                distinct(),
                distinct() == 1 ? "" : "s",
                rows(),
                empty);
    }

    static OptionalDouble number(String cell) {
        if (cell.isEmpty() || Character.isLetter(cell.charAt(cell.length() - 1))) { // 1d is a number in Java only
            return OptionalDouble.empty();
        }
        try {
            double value = Double.parseDouble(cell);
            return Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
        } catch (NumberFormatException notANumber) {
            return OptionalDouble.empty();
        }
    }

    static boolean isYes(String cell) {
        return YES.contains(cell.toLowerCase(Locale.ROOT));
    }

    private static boolean isNo(String cell) {
        return NO.contains(cell.toLowerCase(Locale.ROOT));
    }
}
