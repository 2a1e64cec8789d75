package dev.millrace.evaluate;

import dev.millrace.batch.MiniBatch;
import dev.millrace.operation.Progress;

/** Counts the examples of batches, and tells how far an evaluation is. One thread. */
final class Meter {

    private final Progress progress;
    private final long all;
    private long done;

    /** @param all examples that will come, each pass counted */
    Meter(Progress progress, long all) {
        this.progress = progress;
        this.all = all;
    }

    void add(MiniBatch batch) {
        done += batch.examples().size() + batch.exposed().size();
        progress.reached(done, all);
    }
}
