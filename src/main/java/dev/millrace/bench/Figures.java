package dev.millrace.bench;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Figures by name, in the order in which they are added. A name has the unit. A number that is not finite is left out. */
final class Figures {

    private static final double NANOS_A_SECOND = 1e9;

    private final Map<String, Object> values = new LinkedHashMap<>();

    Figures with(String name, String value) {
        return put(name, value);
    }

    Figures with(String name, boolean value) {
        return put(name, value);
    }

    Figures with(String name, long value) {
        return put(name, value);
    }

    Figures with(String name, double value) {
        return Double.isFinite(value) ? put(name, value) : this;
    }

    /** Leaves it out if a round measured nothing. */
    Figures with(String name, Spread value) {
        Figures spread = new Figures()
                .with("median", value.median())
                .with("least", value.least())
                .with("most", value.most());
        return spread.values.size() == 3 ? with(name, spread) : this;
    }

    Figures with(String name, Figures value) {
        return put(name, value.values());
    }

    /** Texts, numbers, truth values, and maps of them. */
    Map<String, Object> values() {
        return Collections.unmodifiableMap(values);
    }

    private Figures put(String name, Object value) {
        values.put(name, value);
        return this;
    }

    /** Seconds since a moment of {@link System#nanoTime}. */
    static double secondsSince(long startNanos) {
        return (System.nanoTime() - startNanos) / NANOS_A_SECOND;
    }

    /** Bytes of the heap that are used after a collection. */
    static long usedHeap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
