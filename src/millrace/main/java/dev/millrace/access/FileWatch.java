package dev.millrace.access;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.state.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads files anew after one of them has changed. What cannot be used is logged, and what was read before stays. */
final class FileWatch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FileWatch.class);
    private static final Duration EVERY = Duration.ofSeconds(1);
    private static final String FAILED = "Reload failed; keeping the previous certificate and tokens";

    /** Reads the files, and uses what they have. */
    interface Reading {
        void read() throws UnusableFileException;
    }

    private final List<Path> files;
    private final Reading reading;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(FileWatch::daemon);
    private List<String> seen; // digests

    private FileWatch(List<Path> files, Reading reading) {
        this.files = files;
        this.reading = reading;
        this.seen = digests(files);
    }

    /**
     * Reads files, and again whenever one of them changes.
     *
     * @param setting that names the first of them
     * @throws InvalidSettingsException if they cannot be used now
     */
    static FileWatch start(String setting, List<Path> files, Reading reading) {
        FileWatch watch = new FileWatch(files, reading); // before they are read: what changes meanwhile is read again
        try {
            reading.read();
        } catch (UnusableFileException unusable) {
            throw new InvalidSettingsException(
                    List.of(new SettingFault(setting, files.get(0).toString(), String.valueOf(unusable.getMessage()))));
        }
        var unused = watch.thread.scheduleWithFixedDelay(
                watch::look, EVERY.toMillis(), EVERY.toMillis(), TimeUnit.MILLISECONDS);
        return watch;
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "millrace-files");
        thread.setDaemon(true);
        return thread;
    }

    private void look() {
        List<String> now = digests(files);
        if (now.equals(seen)) {
            return;
        }
        seen = now;
        try {
            reading.read();
            LOG.atInfo().addKeyValue("files", files).log("Reloaded changed files");
        } catch (UnusableFileException unusable) {
            LOG.atError()
                    .addKeyValue("files", files)
                    .addKeyValue("why", unusable.getMessage())
                    .log(FAILED);
        } catch (RuntimeException failed) {
            LOG.atError().addKeyValue("files", files).setCause(failed).log(FAILED);
        }
    }

    /** What changes with the content of the files: their times and lengths may stay as they were. */
    private static List<String> digests(List<Path> files) {
        return files.stream().map(FileWatch::digest).toList();
    }

    private static String digest(Path file) {
        try {
            return Sha256.hex(Files.readAllBytes(file));
        } catch (IOException unreadable) {
            return unreadable.toString();
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
