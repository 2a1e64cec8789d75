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
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The program as a process of its own: what it prints, how it ends, and what can be done to it. */
public final class MillraceProcess implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int NOT_ENDED = Integer.MIN_VALUE;

    /**
     * How to start a Java process.
     *
     * @param javaHome of the Java that runs it
     * @param classPath that holds it
     * @param main class that is run
     * @param options of the JVM
     * @param environment beside the one that the program needs
     */
    public record Launch(
            Path javaHome, String classPath, String main, List<String> options, Map<String, String> environment) {
        /** The program, on this Java, with a small heap. */
        public static final Launch PROGRAM = new Launch(
                Path.of(System.getProperty("java.home")),
                System.getProperty("java.class.path"),
                Millrace.class.getName(),
                List.of(
                        "-Xmx768m",
                        "-XX:TieredStopAtLevel=1"), // so that it starts soon; the Vector API needs the compiler above
                Map.of());

        public Launch of(Class<?> other) {
            return new Launch(javaHome, classPath, other.getName(), options, environment);
        }

        public Launch on(Path otherJava) {
            return new Launch(otherJava, classPath, main, options, environment);
        }

        public Launch onClassPath(String otherClassPath) {
            return new Launch(javaHome, otherClassPath, main, options, environment);
        }

        public Launch with(Map<String, String> otherEnvironment) {
            return new Launch(javaHome, classPath, main, options, otherEnvironment);
        }

        public Launch with(List<String> otherOptions) {
            return new Launch(javaHome, classPath, main, otherOptions, environment);
        }
    }

    private final Process process;
    private final Path log;

    private MillraceProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /**
     * Starts the program.
     *
     * @param directory it works in
     * @param name of the file that takes what it prints, errors too
     */
    public static MillraceProcess start(Path directory, String name, String... arguments) throws IOException {
        return start(Launch.PROGRAM, directory, name, arguments);
    }

    public static MillraceProcess start(Launch launch, Path directory, String name, String... arguments)
            throws IOException {
        List<String> command =
                new ArrayList<>(List.of(launch.javaHome().resolve("bin/java").toString()));
        command.addAll(launch.options());
        command.addAll(List.of("-cp", launch.classPath(), launch.main()));
        command.addAll(List.of(arguments));
        Path log = directory.resolve(name + ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("OMP_NUM_THREADS", "1");
        builder.environment().put("OPENBLAS_NUM_THREADS", "1");
        builder.environment().put("OPENBLAS_CORETYPE", "Haswell");
        builder.environment().putAll(launch.environment());
        return new MillraceProcess(builder.start(), log);
    }

    /** Waits for output; the pattern's first group. */
    public String awaitOutput(String pattern) {
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

    public String output() {
        try {
            return Files.readString(log, StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Memory of it that is in use, as Linux counts it. */
    public long residentKilobytes() throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    /** Sends SIGTERM. */
    public void terminate() {
        process.destroy();
    }

    /** Sends SIGKILL and waits for the end. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Sends a signal by name, such as STOP and CONT. */
    public void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
    }

    /** The exit status, or a number that is none if it did not end within the patience. */
    public int awaitExit(Duration patience) throws InterruptedException {
        return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS) ? process.exitValue() : NOT_ENDED;
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }
}
