package dev.millrace.experiment;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What a plan may bound of the treatment's answers, as servers tell of them. A bound that is broken takes the treatment back. */
public enum Guard {
    /** Share of the answers without an item. */
    EMPTY(1),
    /** Share of the answers to users of whom nothing is known. */
    COLD(1),
    /** Milliseconds that 99 % of the answers do not exceed. */
    P99(Guard.MOST),
    /** Distinct items of the latest answers over those of the generation; the one guard whose bound is the least. */
    CATALOGUE(1),
    /** Seconds since the newest vector that is answered from was published. */
    VECTOR_AGE(Guard.MOST);

    /**
     * Answers that it takes to say anything: ten of them may be slower than the p99, and a share of 1 % has a standard error of .3 %. With fewer, one slow
     * moment would decide. The age of vectors is no sample, and is known with the first answer.
     */
    public static final long LEAST_ANSWERS = 1_000;

    private static final double MOST = 1e9;
    private static final double MILLIS_A_SECOND = 1_000;

    private final double most;

    /** @param most that a bound may be */
    Guard(double most) {
        this.most = most;
    }

    /** Returns the name in commands, requests, topics and reports. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns what it looks at; absent while there are too few answers. */
    public OptionalDouble value(ArmAnswers of) {
        if (of.answers() < (this == VECTOR_AGE ? 1 : LEAST_ANSWERS)) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(
                switch (this) {
                    case EMPTY -> of.empty() / (double) of.answers();
                    case COLD -> of.cold() / (double) of.answers();
                    case P99 -> of.p99();
                    case CATALOGUE -> of.catalogueShare();
                    case VECTOR_AGE -> of.vectorAge() / MILLIS_A_SECOND;
                });
    }

    /** Returns whether a value is beyond a bound. */
    public boolean isBroken(double value, double bound) {
        return this == CATALOGUE ? value < bound : value > bound;
    }

    /** Returns what is wrong, as {@code p99 = 312.0: must be at most 200.0}. */
    String fault(double value, double bound) {
        return label() + " = " + value + ": must be at " + (this == CATALOGUE ? "least " : "most ") + bound;
    }

    /** @throws IllegalArgumentException if a bound is none of its guard */
    static void check(Map<Guard, Double> bounds) {
        bounds.forEach((guard, bound) -> {
            if (!(bound >= 0 && bound <= guard.most)) {
                throw new IllegalArgumentException("guard = " + guard.label() + "=" + bound
                        + ": must be a number from 0 to " + (guard.most == 1 ? "1" : "1e9"));
            }
        });
    }

    /**
     * Returns the bounds of texts like {@code p99=200}.
     *
     * @throws IllegalArgumentException if one is no guard's, or is given twice
     */
    public static SortedMap<Guard, Double> bounds(Collection<String> texts) {
        SortedMap<Guard, Double> bounds = new TreeMap<>();
        for (String text : texts) {
            int split = text.indexOf('=');
            Guard guard = Arrays.stream(values())
                    .filter(one -> one.label().equals(text.substring(0, Math.max(0, split))))
                    .findFirst()
                    .orElseThrow(
                            () -> new IllegalArgumentException("guard = " + text + ": must be NAME=BOUND, with one of "
                                    + Arrays.stream(values()).map(Guard::label).collect(Collectors.joining(", "))));
            double bound;
            try {
                bound = Double.parseDouble(text.substring(split + 1));
            } catch (NumberFormatException none) {
                throw new IllegalArgumentException("guard = " + text + ": must have a number behind =", none);
            }
            if (bounds.put(guard, bound) != null) {
                throw new IllegalArgumentException("guard = " + text + ": must be given once");
            }
        }
        return bounds;
    }

    /** Returns bounds as {@link #bounds} reads them, with commas between. */
    static String text(SortedMap<Guard, Double> bounds) {
        return bounds.entrySet().stream()
                .map(one -> one.getKey().label() + "=" + one.getValue())
                .collect(Collectors.joining(","));
    }
}
