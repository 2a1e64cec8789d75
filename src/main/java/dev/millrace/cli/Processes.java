package dev.millrace.cli;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** How a process that runs until it is stopped ends well: on a signal it closes what it has, then exits. */
final class Processes {

    private static final long LONGEST_CLOSE_SECONDS = 40;
    private static final CountDownLatch STOPPED = new CountDownLatch(1);

    private Processes() {}

    /** A latch that opens at the first signal to end; the process lives on until {@link #stopped}. */
    static CountDownLatch stopOnSignal() {
        CountDownLatch stop = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stop.countDown();
            try {
                if (!STOPPED.await(LONGEST_CLOSE_SECONDS, TimeUnit.SECONDS)) {
                    System.err.println("not closed within " + LONGEST_CLOSE_SECONDS + " s, ending all the same");
                }
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }));
        return stop;
    }

    /** Everything is closed. */
    static void stopped() {
        STOPPED.countDown();
    }

    static InvalidSettingsException unusable(String option, String value, String rule) {
        return new InvalidSettingsException(List.of(new SettingFault(option, value, rule)));
    }
}
