package dev.millrace.cli;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The program as a process of its own: what it prints, and how it ends. */
final class MillraceProcess implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int NOT_ENDED = Integer.MIN_VALUE;

    private final Process process;
    private final Path log;

    private MillraceProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /**
     * Starts it.
     *
     * @param directory it works in
     * @param name of the file that takes what it prints, errors too
     */
    static MillraceProcess start(Path directory, String name, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx768m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Millrace.class.getName()));
        command.addAll(List.of(arguments));
        Path log = directory.resolve(name + ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("OMP_NUM_THREADS", "1");
        builder.environment().put("OPENBLAS_NUM_THREADS", "1");
        builder.environment().put("OPENBLAS_CORETYPE", "Haswell");
        return new MillraceProcess(builder.start(), log);
    }

    /** Waits for output; the pattern's first group. */
    String awaitOutput(String pattern) {
        Pattern compiled = Pattern.compile(pattern);
        await(log.getFileName() + " prints " + pattern)
                .atMost(PATIENCE)
                .until(() -> compiled.matcher(output()).find() || !process.isAlive());
        Matcher found = compiled.matcher(output());
        if (!found.find()) {
            throw new AssertionError("ended without printing " + pattern + ":\n" + output());
        }
        return found.group(1);
    }

    String output() {
        try {
            return Files.readString(log, StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** The operating system's number of it. */
    long id() {
        return process.pid();
    }

    /** Sends SIGTERM. */
    void terminate() {
        process.destroy();
    }

    /** The exit status, or a number that is none if it did not end within the patience. */
    int awaitExit(Duration patience) throws InterruptedException {
        return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS) ? process.exitValue() : NOT_ENDED;
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }
}
