package dev.millrace.draft;

import dev.millrace.replay.LogSample;
import dev.millrace.replay.TimeScale;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;

/** What the cells of one column tell about it. */
final class ColumnFacts {

    private static final double NEARLY_ALL = 0.99;
    private static final Set<String> YES = Set.of("1", "1.0", "true", "t", "yes", "y");
    private static final Set<String> NO = Set.of("0", "0.0", "false", "f", "no", "n");
    private static final long LONGEST_LOG_MILLIS = 30L * 365 * 86_400_000;

    private final String name;
    private final ColumnName words;
    private final List<String> cells;
    private final Map<String, Integer> counts = new HashMap<>();
    private final int filled;
    private final boolean isNumber;
    private final boolean isWhole;
    private final Optional<TimeScale> time;
    private long spanMillis;

    ColumnFacts(LogSample.Column column) {
        name = column.name();
        words = ColumnName.of(name);
        cells = column.cells();
        cells.stream().filter(cell -> !cell.isEmpty()).forEach(cell -> counts.merge(cell, 1, Integer::sum));
        filled = counts.values().stream().mapToInt(Integer::intValue).sum();
        isNumber = !counts.isEmpty()
                && counts.keySet().stream().allMatch(cell -> number(cell).isPresent());
        isWhole = isNumber && counts.keySet().stream().noneMatch(cell -> cell.contains(".") || cell.contains("e"));
        time = timeScale();
    }

    String name() {
        return name;
    }

    ColumnName words() {
        return words;
    }

    /** All cells of the sample, also the empty ones. */
    List<String> cells() {
        return cells;
    }

    /** How often each value comes. */
    Map<String, Integer> counts() {
        return counts;
    }

    int rows() {
        return cells.size();
    }

    int filled() {
        return filled;
    }

    int distinct() {
        return counts.size();
    }

    boolean isNumber() {
        return isNumber;
    }

    /** How its cells are written if nearly all are times, not more than thirty years apart. */
    Optional<TimeScale> time() {
        return time;
    }

    /** From the first to the last time; 0 if it holds none. */
    Duration span() {
        return Duration.ofMillis(spanMillis);
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

    private Optional<TimeScale> timeScale() {
        Map<TimeScale, Integer> rowsByScale = new HashMap<>();
        if (counts.keySet().stream().limit(100).allMatch(cell -> TimeScale.likely(cell)
                .isEmpty())) {
            return Optional.empty();
        }
        long first = Long.MAX_VALUE;
        long last = Long.MIN_VALUE;
        for (Map.Entry<String, Integer> entry : counts.entrySet()) {
            Optional<TimeScale> scale = TimeScale.likely(entry.getKey());
            if (scale.isPresent()) {
                rowsByScale.merge(scale.get(), entry.getValue(), Integer::sum);
                long millis = scale.get().millis(name, entry.getKey());
                first = Math.min(first, millis);
                last = Math.max(last, millis);
            }
        }
        long span = last - first;
        Optional<TimeScale> found = rowsByScale.entrySet().stream()
                .filter(entry -> entry.getValue() >= NEARLY_ALL * filled && span <= LONGEST_LOG_MILLIS)
                .map(Map.Entry::getKey)
                .findFirst();
        spanMillis = found.isPresent() ? span : 0;
        return found;
    }
}
