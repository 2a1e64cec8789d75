package dev.millrace.cli.evaluate;

import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import dev.millrace.evaluate.Windows;

/** Shows how much of a log is learnt. */
public final class LearningBar implements Windows.Progress, AutoCloseable {

    private final ProgressLine line;

    public LearningBar(ProgressOption progress) {
        line = progress.line("learnt");
    }

    @Override
    public void reached(String window, long examples, long of) {
        show(window.isEmpty() ? "" : "window " + window, examples, of);
    }

    /** Shows how far something is, and what it does now. */
    void show(String what, long done, long of) {
        line.show(what, done, of);
    }

    @Override
    public void learnt(long examples) {
        line.reached(examples);
    }

    @Override
    public void close() {
        line.close();
    }
}
