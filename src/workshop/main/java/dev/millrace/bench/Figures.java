package dev.millrace.bench;

import dev.millrace.bench.Sample.Spread;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Figures by name, in the order in which they are added. A name has the unit. */
final class Figures {

    private final Map<String, Object> values = new LinkedHashMap<>();

    /** @param value a text, a truth value or a number; left out if it is not finite */
    Figures with(String name, Object value) {
        if (!(value instanceof Double number) || Double.isFinite(number)) {
            values.put(name, value);
        }
        return this;
    }

    /** Adds the median and the range; left out if nothing was measured. */
    Figures with(String name, Sample sample) {
        return sample.count() == 0 ? this : with(name, sample.spread());
    }

    Figures with(String name, Figures figures) {
        return with(name, figures.values());
    }

    /** Adds all of others. */
    Figures and(Figures others) {
        values.putAll(others.values);
        return this;
    }

    /** Texts, truth values, numbers, spreads, and maps of them. */
    Map<String, Object> values() {
        return Collections.unmodifiableMap(values);
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
        if (value instanceof Double number) {
            double size = Math.abs(number);
            String format = size < 1 ? "%.3f" : size < 10 ? "%.2f" : size < 100 ? "%.1f" : "%,.0f";
            return String.format(Locale.ROOT, format, number);
        }
        return value instanceof Number whole ? String.format(Locale.ROOT, "%,d", whole.longValue()) : value.toString();
    }

    /** Bytes of the heap that are used after a collection. */
    static long usedHeap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
