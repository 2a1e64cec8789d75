package dev.millrace.stream;

import dev.millrace.attribute.TrainingExample;

/**
 * Whether the learner is behind: most of the open batch's clicks were produced long ago. Producers date their clicks, so one of them must
 * not decide.
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
