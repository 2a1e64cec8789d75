package dev.millrace.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The program's commands, each in a process of its own, as in production. Each prints to a file of its own.
 *
 * <p>They are ended in the reverse order of their start, with SIGTERM, and with SIGKILL if that does not end them.
 */
final class SeparateProcesses implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Duration STOP = Duration.ofSeconds(45);

    private final Path directory;
    private final List<String> launcher;
    private final Map<String, Process> running = new LinkedHashMap<>();

    /**
     * @param directory of their logs
     * @param launcher command that runs the program, without arguments
     */
    SeparateProcesses(Path directory, List<String> launcher) {
        this.directory = directory;
        this.launcher = launcher;
    }

    /**
     * Starts a command and waits until it prints a text.
     *
     * @param arguments the first is the command
     * @param expected the text
     * @return the first group of the text
     * @throws IllegalStateException if a process ends before, or takes too long
     */
    String start(List<String> arguments, Pattern expected) throws IOException, InterruptedException {
        String name = arguments.get(0);
        Path log = log(name);
        List<String> command = new ArrayList<>(launcher);
        command.addAll(arguments);
        running.put(
                name,
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start());
        Matcher said = expected.matcher("");
        Stopwatch.await(PATIENCE, name + ", see " + log + ",", () -> {
            boolean isSaid =
                    said.reset(Files.readString(log, StandardCharsets.UTF_8)).find();
            if (!isSaid) {
                requireAll();
            }
            return isSaid;
        });
        return said.group(1);
    }

    /** @throws IllegalStateException if a process has ended */
    void requireAll() {
        running.forEach((name, process) -> {
            if (!process.isAlive()) {
                throw new IllegalStateException(name + " ended, see " + log(name));
            }
        });
    }

    /** The seconds of CPU time that each has used so far, and those of this process as {@code bench}. */
    Map<String, Double> cpuSeconds() {
        Map<String, Double> seconds = new LinkedHashMap<>();
        running.forEach((name, process) -> seconds.put(name, cpuSeconds(process.toHandle())));
        seconds.put("bench", cpuSeconds(ProcessHandle.current()));
        return seconds;
    }

    @Override
    public void close() {
        List<Process> latestFirst = new ArrayList<>(running.values());
        Collections.reverse(latestFirst);
        for (Process process : latestFirst) {
            process.destroy();
            try {
                if (!process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException interrupted) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }

    private Path log(String name) {
        return directory.resolve(name + ".log");
    }

    private static double cpuSeconds(ProcessHandle process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3;
    }
}
