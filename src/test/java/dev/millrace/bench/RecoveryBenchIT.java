package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecoveryBenchIT {

    private static final String PROGRAM = "dev.millrace.cli.Millrace";

    @Test
    void aKilledLearnerIsSeenToComeBack(@TempDir Path directory) throws IOException, InterruptedException {
        StringWriter printed = new StringWriter();
        List<String> launcher = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx768m",
                "-XX:TieredStopAtLevel=1", // so that it starts soon
                "-Djava.io.tmpdir=" + directory,
                "-cp",
                System.getProperty("java.class.path"),
                PROGRAM);

        new RecoveryBench(directory, launcher, new PrintWriter(printed)).run(2_000, 1, true);

        assertThat(printed.toString())
                .containsPattern("rows 2,000  transactional stores on  round 1  running after [0-9.]+ s  "
                        + "learnt again after [0-9.]+ s  restored [0-9,]+ records");
    }
}
