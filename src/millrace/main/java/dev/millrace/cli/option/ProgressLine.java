package dev.millrace.cli.option;

import dev.millrace.operation.Progress;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Tells on the error stream how far a command is, and how long it may still take; or nothing. One thread. */
public final class ProgressLine implements Progress, AutoCloseable {

    /** How it tells. */
    enum Form {
        /** A bar that moves, at a terminal. */
        BAR,
        /** A line now and then, in a file. */
        LINES,
        NOTHING
    }

    static final Duration BETWEEN_LINES = Duration.ofSeconds(30);

    private static final double NANOS_A_SECOND = 1e9;
    private static final long INDEFINITE = -1;
    private static final String ERASED = "\r\u001b[K";

    private final String task;
    private final Form form;
    private final LongSupplier nanoTime;
    private Optional<ProgressBar> bar = Optional.empty();
    private long all;
    private boolean isBegun; // lines
    private long first;
    private long began; // by nanoTime, as of the first
    private long told;

    /** @param task what is counted, such as learnt */
    ProgressLine(String task, Form form) {
        this(task, form, System::nanoTime);
    }

    /** @param nanoTime a clock as {@link System#nanoTime} */
    ProgressLine(String task, Form form, LongSupplier nanoTime) {
        this.task = task;
        this.form = form;
        this.nanoTime = nanoTime;
    }

    /** Whether somebody is likely to watch it. */
    public boolean isShown() {
        return form == Form.BAR;
    }

    /** Shows it. Another number to reach begins another line: the time left is that of the part. */
    @Override
    public void reached(String part, long done, long of) {
        switch (form) {
            case BAR -> move(part, done, of);
            case LINES -> tell(part, done, of);
            case NOTHING -> {}
        }
    }

    private void tell(String part, long done, long of) {
        long now = nanoTime.getAsLong();
        if (!isBegun || of != all) {
            isBegun = true;
            all = of;
            first = done;
            began = now;
            told = now;
        } else if (now - told >= BETWEEN_LINES.toNanos()) {
            told = now;
            String left = "";
            if (of != UNKNOWN && done > first) {
                long seconds = Math.round((now - began) / NANOS_A_SECOND * (of - done) / (done - first));
                left = String.format(
                        Locale.ROOT, " of %,d, %d:%02d:%02d left", of, seconds / 3600, seconds / 60 % 60, seconds % 60);
            }
            System.err.printf(Locale.ROOT, "%s %,d%s%s%n", task, done, left, part.isEmpty() ? "" : " (" + part + ")");
        }
    }

    private void move(String part, long done, long of) {
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
        isBegun = false;
        bar.ifPresent(ProgressBar::close);
        bar = Optional.empty();
    }

    @Override
    public void close() {
        end();
    }
}
