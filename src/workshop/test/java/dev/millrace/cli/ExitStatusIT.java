package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The exit statuses that docs/operations.md lists, each of a process that ends with it. */
@Tag("slow")
class ExitStatusIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Needs a cluster with an authoriser: {@link AccessRightsIT}, {@link SecuredClusterIT}. */
    private static final int NOT_ALLOWED = 77;

    private static final int TERMINATED = 128 + 15;

    /** As after SIGTERM, with the number of SIGINT, which is ignored by a test that runs in the background of a shell. */
    private static final int INTERRUPTED = 128 + 2;

    private final SortedSet<Integer> seen = new TreeSet<>();
    private final Path directory;

    ExitStatusIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void eachListedStatusIsThatOfAProcessAndNoneIsMissing() throws Exception {
        Path log = Files.writeString(directory.resolve("log.csv"), "order,session,item\n1,7,8\n2,7,9\n3,8,9\n");
        Path topology = Files.writeString(directory.resolve("none.json"), "{\"parts\": []}");

        ends(0, "settings");
        ends(1, "topology", "--since", topology.toString());
        ends(2, "train", "--set", "batch.size=1");
        ends(65, "init", log.toString());
        ends(69, "topics", "create", "--bootstrap-server", "127.0.0.1:1");
        ends(74, "model", "show", "--in", "absent");
        runsOutOfHeap();
        isStopped();

        seen.addAll(List.of(NOT_ALLOWED, INTERRUPTED));
        assertThat(listed()).isEqualTo(seen);
    }

    private void ends(int status, String... arguments) throws Exception {
        try (MillraceProcess process = MillraceProcess.start(directory, "status-" + status, arguments)) {
            assertThat(process.awaitExit(PATIENCE)).as(process.output()).isEqualTo(status);
        }
        seen.add(status);
    }

    /** The launcher gives the JVM this option. */
    private void runsOutOfHeap() throws Exception {
        assertThat(Path.of("bin/millrace")).content().contains("-XX:+ExitOnOutOfMemoryError");
        MillraceProcess.Launch small =
                MillraceProcess.Launch.PROGRAM.with(List.of("-Xmx48m", "-XX:+ExitOnOutOfMemoryError"));
        try (MillraceProcess process = MillraceProcess.start(small, directory, "heap", "bench", "index")) {
            assertThat(process.awaitExit(PATIENCE)).as(process.output()).isEqualTo(3);
        }
        seen.add(3);
    }

    private void isStopped() throws Exception {
        try (MillraceProcess broker = MillraceProcess.start(directory, "broker", "broker", "--port", "0")) {
            broker.awaitOutput("broker (\\S+:\\d+),");
            broker.terminate();
            assertThat(broker.awaitExit(PATIENCE)).as(broker.output()).isEqualTo(TERMINATED);
        }
        seen.add(TERMINATED);
    }

    /** The first column of the table below the heading. */
    private static SortedSet<Integer> listed() throws IOException {
        String page = Files.readString(Path.of("docs/operations.md"));
        String section = page.substring(page.indexOf("## Start, stop, exit status"));
        SortedSet<Integer> listed = new TreeSet<>();
        for (String line :
                section.substring(0, section.indexOf("\n## ")).lines().toList()) {
            if (Pattern.matches("\\| \\d.*", line)) {
                for (String status : line.split("\\|", 3)[1].strip().split(", ")) {
                    listed.add(Integer.valueOf(status));
                }
            }
        }
        return listed;
    }
}
