package dev.millrace.evaluate;

import dev.millrace.exam.RankingTotals;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Figures by name, in the order in which they are added. A name has the unit. */
public final class Figures {

    /** A mean and its standard error. */
    public record Mean(double mean, double standardError) {}

    /** A median and its range. */
    public record Spread(double median, double least, double most) {}

    private final Map<String, Object> values = new LinkedHashMap<>();

    /** @param value a text, a truth value, a number, a mean, a spread, or a map of them; left out if it is a number that is not finite */
    public Figures with(String name, Object value) {
        Object number = value instanceof Spread spread ? spread.median() : value;
        if (!(number instanceof Double real) || Double.isFinite(real)) {
            values.put(name, value);
        }
        return this;
    }

    public Figures with(String name, Figures figures) {
        return with(name, figures.values());
    }

    /** Adds what was found among the first so many, and how far in front. */
    public Figures and(RankingTotals totals) {
        RankingTotals.CUTOFFS.forEach(k -> with("R@" + k, new Mean(totals.recallAt(k), totals.standardErrorAt(k))));
        return with("NDCG@10", totals.ndcg10());
    }

    /** Adds all of others. */
    public Figures and(Figures others) {
        values.putAll(others.values);
        return this;
    }

    /** The figures by name. */
    public Map<String, Object> values() {
        return Collections.unmodifiableMap(values);
    }

    @Override
    public String toString() {
        return text(values);
    }

    /** A value as people read it. */
    static String text(Object value) {
        if (value instanceof Map<?, ?> figures) {
            return figures.entrySet().stream()
                    .map(figure -> figure.getKey() + " " + text(figure.getValue()))
                    .collect(Collectors.joining(", "));
        }
        if (value instanceof Spread spread) {
            return text(spread.median()) + " [" + text(spread.least()) + "–" + text(spread.most()) + "]";
        }
        if (value instanceof Mean mean) {
            return String.format(Locale.ROOT, "%.4f ± %.4f", mean.mean(), mean.standardError());
        }
        if (value instanceof Double number) {
            double size = Math.abs(number);
            String format = size < 1 ? "%.4f" : size < 10 ? "%.2f" : size < 100 ? "%.1f" : "%,.0f";
            return String.format(Locale.ROOT, format, number);
        }
        return value instanceof Number whole ? String.format(Locale.ROOT, "%,d", whole.longValue()) : value.toString();
    }
}
