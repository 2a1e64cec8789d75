package dev.millrace.faults;

import static org.awaitility.Awaitility.await;

import dev.millrace.cli.HttpProbe;
import dev.millrace.cli.MillraceProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A trainer as a process of its own; when it ends, what its log says of its start goes to the report. */
final class TrainerProcess implements AutoCloseable {

    /** SIGTERM and everything was closed. */
    static final int STOPPED = 128 + 15;

    private static final Duration STOP = Duration.ofSeconds(45);
    private static final Pattern READY = Pattern.compile(
            "(?m)^\\d{4}-\\d\\d-\\d\\dT(\\d\\d:\\d\\d:\\d\\d\\.\\d{3})\\S* .* (attribute|learn|learn-from-log) ready after [0-9.]+ s, restored (\\d+) records");

    private static final String LOG_LINE = "(\\d{4}-\\d\\d-\\d\\dT)";

    private final String name;
    private final MillraceProcess process;
    private final FaultReport report;
    private final boolean hasOurClock;
    private final LocalTime started = LocalTime.now(ZoneId.systemDefault());
    private boolean isReported;

    private TrainerProcess(String name, MillraceProcess process, boolean hasOurClock, FaultReport report) {
        this.name = name;
        this.hasOurClock = hasOurClock;
        this.process = process;
        this.report = report;
    }

    static TrainerProcess start(
            MillraceProcess.Launch launch, Path directory, String name, String[] arguments, FaultReport report)
            throws IOException {
        report.note(name + " starts");
        boolean hasOurClock = !launch.environment().containsKey("FAKETIME");
        return new TrainerProcess(name, MillraceProcess.start(launch, directory, name, arguments), hasOurClock, report);
    }

    String name() {
        return name;
    }

    /** Waits until both applications process records. */
    void awaitReady() {
        await(name + " is ready")
                .atMost(Experiment.PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> isReady() || !process.isAlive());
        if (!isReady()) {
            throw new AssertionError(name + " ended before it was ready:\n" + process.output());
        }
    }

    /** Whether both applications have processed records once. */
    boolean isReady() {
        return process.output().contains("attribute ready after")
                && process.output().contains("learn ready after");
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What an application said each time it came to process records: at its start, and when tasks were divided anew. */
    List<String> readyLines(String application) {
        return Pattern.compile(application + " ready after [0-9.]+ s, restored \\d+ records")
                .matcher(process.output())
                .results()
                .map(MatchResult::group)
                .toList();
    }

    /** How often an application has replaced its thread. */
    long replacedThreads() {
        return output().lines().filter(line -> line.contains("; goes on in ")).count();
    }

    String output() {
        return process.output();
    }

    /** Waits for output; the pattern's first group. */
    String awaitOutput(String pattern) {
        return process.awaitOutput(pattern);
    }

    /** Where it tells how it is. */
    HttpProbe health() {
        return new HttpProbe(process.awaitOutput("health and metrics (\\S+)"));
    }

    long residentKilobytes() throws IOException {
        return process.residentKilobytes();
    }

    /** SIGKILL. */
    void kill() throws InterruptedException {
        process.kill();
        report.note(name + " killed");
        ended();
    }

    /** Sends a signal by name. */
    void signal(String signal) throws IOException, InterruptedException {
        process.signal(signal);
        report.note(name + " gets SIG" + signal);
    }

    /** SIGTERM; fails if it does not end as it should. Does nothing if it has ended before. */
    void stop() throws InterruptedException {
        if (!process.isAlive()) {
            ended();
            return;
        }
        // a JVM that is ended while it begins says so, with 1
        String unused = process.awaitOutput(LOG_LINE);
        process.terminate();
        int status = process.awaitExit(STOP);
        report.note(name + " stopped, exit status " + status);
        ended();
        if (status != STOPPED) {
            throw new AssertionError(name + " ended with " + status + " after SIGTERM:\n" + process.output());
        }
    }

    int awaitExit(Duration patience) throws InterruptedException {
        int status = process.awaitExit(patience);
        report.note(name + " ended, exit status " + status);
        ended();
        return status;
    }

    @Override
    public void close() throws InterruptedException {
        process.close();
        ended();
    }

    /** Tells when the later of the first two applications became ready, from the start of the process, and what was restored. */
    private void ended() {
        if (isReported || !hasOurClock) {
            return;
        }
        isReported = true;
        Matcher lines = READY.matcher(process.output());
        long restored = 0;
        int count = 0;
        double seconds = 0;
        while (count < 2 && lines.find()) {
            long millis = started.until(LocalTime.parse(lines.group(1)), ChronoUnit.MILLIS);
            seconds = Math.max(seconds, Math.floorMod(millis, Duration.ofDays(1).toMillis()) / 1000.0);
            restored += Long.parseLong(lines.group(3));
            count++;
        }
        if (count == 2) {
            report.ready(seconds, restored);
        }
    }
}
