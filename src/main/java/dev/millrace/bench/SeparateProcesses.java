package dev.millrace.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Duration STOP = Duration.ofSeconds(45);
    private static final long LOOK_MILLIS = 50;

    private final Path directory;
    private final List<String> launcher;
    private final Map<String, Process> running = new LinkedHashMap<>();

    /**
     * @param directory of their logs
     * @param launcher command that runs the program, without arguments
     */
    SeparateProcesses(Path directory, List<String> launcher) {
        this.directory = directory;
        this.launcher = List.copyOf(launcher);
    }

    /**
     * Starts a command and waits until it prints a text.
     *
     * @param arguments the first is the command
     * @param expected the text
     * @return the first group of the text
     * @throws IllegalStateException if the process ends before, or takes too long
     */
    String start(List<String> arguments, Pattern expected) throws IOException, InterruptedException {
        String name = arguments.get(0);
        Path log = directory.resolve(name + ".log");
        List<String> command = new ArrayList<>(launcher);
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        running.put(name, process);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            boolean isAlive = process.isAlive();
            Matcher said = expected.matcher(Files.readString(log, StandardCharsets.UTF_8));
            if (said.find()) {
                return said.group(1);
            }
            if (!isAlive || System.nanoTime() > deadline) {
                throw new IllegalStateException(name
                        + (isAlive ? " took longer than " + PATIENCE.toSeconds() + " s" : " ended") + ", see " + log);
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    /** @throws IllegalStateException if a process has ended */
    void requireAll() {
        running.forEach((name, process) -> {
            if (!process.isAlive()) {
                throw new IllegalStateException(name + " ended, see " + directory.resolve(name + ".log"));
            }
        });
    }

    /** The processes, by the command's name, in the order of their start. */
    Map<String, ProcessHandle> handles() {
        Map<String, ProcessHandle> handles = new LinkedHashMap<>();
        running.forEach((name, process) -> handles.put(name, process.toHandle()));
        return handles;
    }

    @Override
    public void close() {
        Deque<Process> latestFirst = new ArrayDeque<>();
        running.values().forEach(latestFirst::addFirst);
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
}
