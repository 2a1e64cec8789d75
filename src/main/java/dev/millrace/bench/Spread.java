package dev.millrace.bench;

import java.util.Arrays;
import java.util.Locale;

/** The median and the range of what the rounds measured. */
record Spread(double median, double least, double most) {

    /** @param rounds what each measured, at least one */
    static Spread of(double[] rounds) {
        double[] sorted = rounds.clone();
        Arrays.sort(sorted);
        return new Spread(sorted[sorted.length / 2], sorted[0], sorted[sorted.length - 1]);
    }

    /** @param format of one value */
    String text(String format) {
        return String.format(Locale.ROOT, format + " [" + format + "–" + format + "]", median, least, most);
    }
}
