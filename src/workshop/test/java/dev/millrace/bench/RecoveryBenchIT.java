package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class RecoveryBenchIT {

    private static final String PROGRAM = "dev.millrace.cli.Millrace";

    @Test
    void aKilledLearnerIsSeenToComeBack(@TempDir Path directory) throws IOException, InterruptedException {
        ToldReport told = new ToldReport();
        List<String> launcher = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx768m",
                "-XX:TieredStopAtLevel=1", // so that it starts soon
                "-Djava.io.tmpdir=" + directory,
                "-cp",
                System.getProperty("java.class.path"),
                PROGRAM);

        new RecoveryBench(directory, launcher, told.report()).run(2_000, 1);

        JsonNode round = told.found().path("rounds").path(0);
        assertThat(round.path("learntAgainSeconds").asDouble())
                .isGreaterThanOrEqualTo(round.path("runningSeconds").asDouble(Double.MAX_VALUE));
    }
}
