package dev.millrace.stream;

import dev.millrace.attribute.TrainingExample;

/**
 * Whether most of the open batch's clicks were produced long ago, so that the learner is behind. Producers say when that was; one
 * of them does not decide.
 */
final class Backlog {

    private static final long LONG_AGO = 2_000; // milliseconds

    private int old;
    private int all;

    /** @param now epoch milliseconds */
    void add(TrainingExample example, long now) {
        if (example.producedAt() > 0) {
            old += now - example.producedAt() > LONG_AGO ? 1 : 0;
            all++;
        }
    }

    boolean isMost() {
        return 2 * old > all;
    }

    void clear() {
        old = 0;
        all = 0;
    }
}
