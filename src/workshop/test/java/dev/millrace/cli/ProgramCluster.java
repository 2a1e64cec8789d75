package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.app.MillraceSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/** A broker and commands of the program on it, as processes that work in one directory. Closing ends those that still run. */
final class ProgramCluster implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofMinutes(3);
    private final Deque<MillraceProcess> started = new ArrayDeque<>();
    private final MillraceProcess.Launch launch;
    private final Path directory;
    private final MillraceProcess broker;
    private final String bootstrapServers;

    /** @param launch how commands start */
    ProgramCluster(MillraceProcess.Launch launch, Path directory) throws IOException {
        this.launch = launch;
        this.directory = directory;
        broker = begin(MillraceProcess.Launch.PROGRAM, "broker", "--port", "0");
        bootstrapServers = broker.awaitOutput("broker (\\S+:\\d+),");
    }

    ProgramCluster(Path directory) throws IOException {
        this(MillraceProcess.Launch.PROGRAM, directory);
    }

    MillraceProcess broker() {
        return broker;
    }

    String bootstrapServers() {
        return bootstrapServers;
    }

    /** Returns the settings that a client of it has without any file. */
    MillraceSettings settings() {
        return MillraceSettings.load(
                List.of(), Map.of(), Map.of(), Map.of("kafka.bootstrap.servers", bootstrapServers));
    }

    /** Starts a command. */
    MillraceProcess start(String... command) throws IOException {
        return start(List.of(), command);
    }

    /**
     * Starts a command.
     *
     * @param settings {@code key=value} each
     */
    MillraceProcess start(List<String> settings, String... command) throws IOException {
        List<String> all = new ArrayList<>(Arrays.asList(command));
        all.addAll(List.of("--bootstrap-server", bootstrapServers));
        settings.forEach(setting -> all.addAll(List.of("--set", setting)));
        return begin(launch, all.toArray(String[]::new));
    }

    /** Runs a command, which must succeed. Returns what it prints. */
    String run(String... command) throws Exception {
        return ended(start(command), 0);
    }

    /** Waits for the end of a process, which must have that status. Returns what it printed. */
    static String ended(MillraceProcess process, int status) throws InterruptedException {
        assertThat(process.awaitExit(PATIENCE)).as(process.output()).isEqualTo(status);
        return process.output();
    }

    @Override
    public void close() throws InterruptedException {
        while (!started.isEmpty()) {
            started.pop().close();
        }
    }

    private MillraceProcess begin(MillraceProcess.Launch how, String... arguments) throws IOException {
        MillraceProcess process = MillraceProcess.start(how, directory, arguments[0] + "-" + started.size(), arguments);
        started.push(process);
        return process;
    }
}
