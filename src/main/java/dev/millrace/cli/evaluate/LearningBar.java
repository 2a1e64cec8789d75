package dev.millrace.cli.evaluate;

import dev.millrace.evaluate.Windows;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows on the error stream how much of a log is learnt. It shows nothing if that is no terminal, with {@code NO_COLOR}, or if it is told to be
 * quiet.
 */
public final class LearningBar implements Windows.Progress, AutoCloseable {

    /** Set by {@code bin/millrace}: what Java 17 says of its console is about the other two streams. */
    private static final String IS_TERMINAL = "millrace.terminal";

    private final boolean isShown;
    private Optional<ProgressBar> bar = Optional.empty();

    public LearningBar(boolean isQuiet) {
        isShown = !isQuiet
                && Boolean.getBoolean(IS_TERMINAL)
                && System.getenv().getOrDefault("NO_COLOR", "").isEmpty();
    }

    @Override
    public void reached(String window, long examples, long of) {
        show(window.isEmpty() ? "" : "window " + window, examples, of);
    }

    /** Shows how far something is, and what it does now. */
    void show(String what, long done, long of) {
        if (!isShown) {
            return;
        }
        if (bar.isEmpty()) {
            bar = Optional.of(new ProgressBarBuilder()
                    .setTaskName("learnt")
                    .setInitialMax(of)
                    .setStyle(ProgressBarStyle.ASCII)
                    .build());
        }
        bar.get().stepTo(done).setExtraMessage(what);
    }

    @Override
    public void learnt(long examples) {
        bar.ifPresent(shown -> shown.stepTo(examples));
    }

    @Override
    public void close() {
        bar.ifPresent(ProgressBar::close);
    }
}
