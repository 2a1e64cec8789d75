package dev.millrace.cli;

import dev.millrace.app.CatchUp;
import dev.millrace.stream.run.StreamRunner;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * What a command says while its applications run.
 *
 * @param what they do, such as {@code training}
 */
record StreamWatch(String what, StreamRunner runner, CatchUp catchUp, PrintWriter out) {

    private static final int STOPPED_BY_FAILURE = 1;

    /**
     * Waits for a signal, or until an application has failed.
     *
     * @param news asked each second for a line
     * @return the exit status
     */
    int untilStopped(CountDownLatch stop, Supplier<Optional<String>> news) throws InterruptedException {
        while (!stop.await(1, TimeUnit.SECONDS)) {
            catchUp.take(System.nanoTime(), runner.lag()).ifPresent(out::println);
            news.get().ifPresent(out::println);
            out.flush();
            if (!runner.isAlive()) {
                System.err.println(what + " stopped: "
                        + runner.failure()
                                .map(Millrace::said)
                                .orElse(runner.states().toString()));
                return runner.failure().map(Millrace::statusOf).orElse(STOPPED_BY_FAILURE);
            }
        }
        return 0;
    }

    /** Says that all went well, once the applications are closed. Returns the exit status. */
    static int ended(int status, PrintWriter out) {
        if (status == 0) {
            out.println("stopped; all work is committed");
            out.flush();
        }
        return status;
    }
}
