package dev.millrace.evaluate;

import dev.millrace.settings.SettingsReader;

/**
 * How a data set is divided, how many of its events are ranked at most, and when they are learnt.
 *
 * @param learnEvery clicks that are ranked before any of them is learnt; 1: those of a batch
 */
public record PrequentialSettings(double first, double warmUp, int passes, long queries, int learnEvery) {

    /** So many give a standard error of Recall@10 of .001 at most: {@code √(R (1 − R) / n)} is largest at R = ½. */
    public static final long QUERIES = 250_000;

    public PrequentialSettings(double first, double warmUp, int passes) {
        this(first, warmUp, passes, QUERIES, 1);
    }

    public static PrequentialSettings read(SettingsReader reader) {
        return new PrequentialSettings(
                reader.number(
                        "evaluate.first = 1 in [0.01, 1]: share of the positive examples to use, from the earliest "
                                + "on; use less than 1 to keep the rest unseen while tuning"),
                reader.number(
                        "evaluate.warm-up = 0.5 in [0, 1]: share of the used positive examples, from the earliest "
                                + "on, that is learnt but not scored"),
                reader.integer(
                        "evaluate.passes = 1 in [1, 100]: passes over the warm-up; the last one is in order of time, "
                                + "the others are shuffled"));
    }

    /** These with others than settings may give. */
    public PrequentialSettings with(long mostQueries, int clicks) {
        return new PrequentialSettings(first, warmUp, passes, mostQueries, clicks);
    }
}
