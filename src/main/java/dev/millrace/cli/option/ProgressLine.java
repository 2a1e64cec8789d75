package dev.millrace.cli.option;

import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows on the error stream how far a command is, and how long it may still take; or nothing. One thread. */
public final class ProgressLine implements AutoCloseable {

    private static final long UNKNOWN = -1;

    private final String task;
    private final boolean isShown;
    private Optional<ProgressBar> bar = Optional.empty();

    /** @param task what is counted, such as learnt */
    ProgressLine(String task, boolean isShown) {
        this.task = task;
        this.isShown = isShown;
    }

    /** Whether anybody sees it. */
    public boolean isShown() {
        return isShown;
    }

    /** Shows how far something is, and what it does now. */
    public void show(String what, long done, long of) {
        if (!isShown) {
            return;
        }
        if (bar.isEmpty()) {
            bar = Optional.of(new ProgressBarBuilder()
                    .setTaskName(task)
                    .setInitialMax(of == Long.MAX_VALUE ? UNKNOWN : of)
                    .setStyle(ProgressBarStyle.ASCII)
                    .build());
        }
        bar.get().stepTo(done).setExtraMessage(what);
    }

    /** As {@link #show(String, long, long)}, without a word on what it does. */
    public void show(long done, long of) {
        show("", done, of);
    }

    /** Shows how far it is, if anything was shown before. */
    public void reached(long done) {
        bar.ifPresent(shown -> shown.stepTo(done));
    }

    @Override
    public void close() {
        bar.ifPresent(ProgressBar::close);
    }
}
