package dev.millrace.cli.option;

import dev.millrace.operation.Progress;
import java.time.Duration;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows on the error stream how far a command is, and how long it may still take; or nothing. One thread. */
public final class ProgressLine implements Progress, AutoCloseable {

    private static final long INDEFINITE = -1;
    private static final String ERASED = "\r\u001b[K";

    private final String task;
    private final boolean isShown;
    private Optional<ProgressBar> bar = Optional.empty();
    private long all;

    /** @param task what is counted, such as learnt */
    ProgressLine(String task, boolean isShown) {
        this.task = task;
        this.isShown = isShown;
    }

    /** Whether anybody sees it. */
    public boolean isShown() {
        return isShown;
    }

    /** Shows it. Another number to reach begins another line: the time left is that of the part. */
    @Override
    public void reached(String part, long done, long of) {
        if (!isShown) {
            return;
        }
        if (bar.isEmpty() || of != all) {
            end();
            all = of;
            bar = Optional.of(new ProgressBarBuilder()
                    .setTaskName(task)
                    .setInitialMax(of == UNKNOWN ? INDEFINITE : of)
                    .startsFrom(done, Duration.ZERO)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setConsumer(new ConsoleProgressBarConsumer(System.err))
                    .continuousUpdate() // once a second, or another part and the time would show with another number
                    // only
                    .build());
        }
        bar.get().stepTo(done).setExtraMessage(part);
    }

    /** Takes it from the terminal, so that a line of text can be written there. It comes again within a second. */
    public void clear() {
        if (bar.isPresent()) {
            System.err.print(ERASED);
        }
    }

    /** Ends it, so that other text can follow. What is reached after that begins another line. */
    public void end() {
        bar.ifPresent(ProgressBar::close);
        bar = Optional.empty();
    }

    @Override
    public void close() {
        end();
    }
}
