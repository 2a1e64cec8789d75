package dev.millrace.bench;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Locale;

/** Where a benchmark prints its figures, a line at a time. */
final class Figures {

    private static final double NANOS_A_SECOND = 1e9;

    private final PrintWriter out;

    Figures(PrintWriter out) {
        this.out = out;
    }

    /** Prints a line, at once. */
    void print(String format, Object... arguments) {
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }

    /**
     * The median and the range of the rounds.
     *
     * @param format of one value
     */
    static String spread(String format, double[] rounds) {
        double[] sorted = rounds.clone();
        Arrays.sort(sorted);
        return String.format(
                Locale.ROOT,
                format + " [" + format + "–" + format + "]",
                sorted[sorted.length / 2],
                sorted[0],
                sorted[sorted.length - 1]);
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
