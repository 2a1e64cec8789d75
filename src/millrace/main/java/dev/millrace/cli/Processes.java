package dev.millrace.cli;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Ends a process that runs until it is stopped: on a signal, the command closes what it has, then the process exits.
 *
 * <p>It then exits with 128 + the signal's number, as the JVM does: 143 after SIGTERM says that all was closed. If closing
 * failed, it exits with the status of that failure instead.
 */
public final class Processes {

    private static final long LONGEST_CLOSE_SECONDS = 40;
    private static final int NOT_CLOSED = 1;
    private static final CompletableFuture<Integer> STATUS = new CompletableFuture<>();

    private Processes() {}

    /** A latch that opens at the first signal to end; the process lives on until {@link #ended}. */
    static CountDownLatch stopOnSignal() {
        CountDownLatch stop = new CountDownLatch(1);
        onSignal(stop::countDown);
        return stop;
    }

    /** Asks for the end at the first signal; the process lives on until {@link #ended}. */
    public static void onSignal(Runnable stop) {
        Runtime.getRuntime().addShutdownHook(hook(stop));
    }

    /** As {@link #onSignal}, until closed: for what may come to its end by itself. */
    public static Watch watch(Runnable stop) {
        Thread hook = hook(stop);
        Runtime.getRuntime().addShutdownHook(hook);
        return () -> {
            try {
                boolean unused = Runtime.getRuntime().removeShutdownHook(hook); // it was there
            } catch (IllegalStateException ending) {
                // the signal came, and waits for the command's end
            }
        };
    }

    /** A look-out for signals. */
    public interface Watch extends AutoCloseable {
        @Override
        void close();
    }

    private static Thread hook(Runnable stop) {
        return new Thread(() -> {
            if (STATUS.isDone()) {
                return; // no signal: the command came to its end
            }
            stop.run();
            int status;
            try {
                status = STATUS.get(LONGEST_CLOSE_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException late) {
                System.err.println("did not close within " + LONGEST_CLOSE_SECONDS + " s; exiting anyway");
                status = NOT_CLOSED;
            } catch (InterruptedException | ExecutionException neverHappens) {
                status = NOT_CLOSED;
            }
            if (status != 0) {
                Runtime.getRuntime().halt(status); // an exit status can no longer be given in another way
            }
        });
    }

    /** Called when the command has closed everything, or failed to. */
    static void ended(int status) {
        STATUS.complete(status);
    }
}
